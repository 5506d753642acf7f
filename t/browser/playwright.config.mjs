// The whole way, in Chromium, against nginx with the module and a Postfix.
// One server serves all tests; each project has its own people.
//
// No page has a script, so with and without JavaScript differ in the browser
// alone: the first journey is made in all six projects. The long ones
// (factors, settings) are made in three that between them have no
// JavaScript, both widths and both colour schemes; axe, which needs
// JavaScript, sees each page light and narrow, and dark and wide.

import { defineConfig } from '@playwright/test';

const desktop = { width: 1280, height: 900 };
const phone = { width: 320, height: 640 };
const first = 'journey.spec.mjs';

export default defineConfig({
  testDir: '.',
  testMatch: '*.spec.mjs',
  globalSetup: './global_setup.mjs',
  outputDir: '../../build/browser',
  reporter: [['list']],
  workers: 2,
  fullyParallel: true,
  timeout: 120_000,
  expect: { timeout: 10_000 },
  use: {
    locale: 'en-GB',
    viewport: desktop,
    actionTimeout: 15_000,
    navigationTimeout: 30_000,
    trace: process.env.MFA_TRACE ? 'retain-on-failure' : 'off',
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-dev-shm-usage'],
    },
  },
  projects: [
    { name: 'desktop-nojs', use: { javaScriptEnabled: false } },
    { name: 'phone-320', use: { viewport: phone, hasTouch: true } },
    { name: 'dark', use: { colorScheme: 'dark' } },
    { name: 'desktop-js', testMatch: first },
    { name: 'phone-320-nojs', testMatch: first,
      use: { viewport: phone, javaScriptEnabled: false } },
    { name: 'dark-nojs', testMatch: first,
      use: { colorScheme: 'dark', javaScriptEnabled: false } },
  ],
});

// The whole way, in Chromium, against nginx with the module and a Postfix.
// One server serves all tests; each project has its own people.
//
// No page has a script, so with and without JavaScript differ in the browser
// alone: the first journey is made in all six projects. The long ones
// (factors, settings) are made in three that between them have no
// JavaScript, both widths and both colour schemes; axe, which needs
// JavaScript, sees each page light and narrow, and dark and wide.

import { existsSync } from 'node:fs';
import { defineConfig } from '@playwright/test';

const desktop = { width: 1280, height: 900 };
const phone = { width: 320, height: 640 };
const first = 'journey.spec.mjs';

// The engine alone, where it is installed: the other one draws the whole
// window of a browser for every visitor, which costs as much as the pages.
const chromium = process.env.CHROMIUM || ['/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium'].find((path) => existsSync(path));

export default defineConfig({
  testDir: '.',
  testMatch: '*.spec.mjs',
  globalSetup: './global_setup.mjs',
  outputDir: '../../build/browser',
  reporter: [['list']],
  workers: 2,
  fullyParallel: true,

  // a machine may stand still for seconds: what passes waits for none of them
  timeout: 300_000,
  expect: { timeout: 20_000 },
  use: {
    locale: 'en-GB',
    viewport: desktop,
    actionTimeout: 30_000,
    navigationTimeout: 60_000,
    trace: process.env.MFA_TRACE ? 'retain-on-failure' : 'off',
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: chromium,
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

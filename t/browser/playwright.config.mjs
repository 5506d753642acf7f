// The whole way, in Chromium, against nginx with the module and a Postfix.
// One server serves all tests; each project has its own people.

import { defineConfig } from '@playwright/test';

const desktop = { width: 1280, height: 900 };
const phone = { width: 320, height: 640 };

export default defineConfig({
  testDir: '.',
  testMatch: '*.spec.mjs',
  globalSetup: './global_setup.mjs',
  outputDir: '../../build/browser',
  reporter: [['list']],
  workers: 1,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  use: {
    locale: 'en-GB',
    viewport: desktop,
    trace: 'retain-on-failure',
    launchOptions: {
      executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-dev-shm-usage'],
    },
  },
  projects: [
    { name: 'desktop-nojs', use: { javaScriptEnabled: false } },
    { name: 'desktop-js', use: {} },
    { name: 'phone-320', use: { viewport: phone, hasTouch: true } },
    { name: 'phone-320-nojs',
      use: { viewport: phone, javaScriptEnabled: false } },
    { name: 'dark', use: { colorScheme: 'dark' } },
    { name: 'dark-nojs',
      use: { colorScheme: 'dark', javaScriptEnabled: false } },
  ],
});

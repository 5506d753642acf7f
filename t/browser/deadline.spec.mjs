// The time to set up a second factor, as people meet it (Y1, C11, R9): the
// days that are left, the last of them, what is after it; and optional.

import { expect } from '@playwright/test';
import { button, enterCode, heading, inspect, logIn, mailedCode, register,
  test, untilNoon, visitor } from './tools.mjs';

const ENDED = 'Your time to set up has ended';
const DAY = 86400000;
const people = ['ann', 'kim'].map((name) => ({
  email: `${name}@example.org`, user: name, first_name: name,
  surname: 'Example', groups: name === 'kim' ? 'kiosk' : '', other_email: '',
  manager: '' }));

const later = (page) => button(page, 'Remind me later');
const isIn = (page) => expect(page.getByText('Hello')).toBeVisible();

test('Y1 R7 R9 C11: remind me later, the last day, after it', async (
  { page, browser, server }, info) => {
  const ahead = untilNoon();
  const from = new Date(Date.now() + ahead * 1000 + DAY).toISOString()
    .slice(0, 10);
  const s = await server({ people, ahead,
    realm: { second_factor: `required from=${from} grace=2d` } });

  await register(page, 'ann@example.org');
  await button(page, 'Choose another method').or(
    page.getByRole('link', { name: 'Authenticator app' })).first().click();
  await expect(page.getByText('You have 3 days left')).toBeVisible();
  await inspect(page, info, 'deadline-secure', 'Secure your account');
  await later(page).click();
  await isIn(page);

  // R9: another browser is asked before a code is mailed
  const other = await visitor(browser, info);

  await logIn(other, 'ann@example.org');
  await inspect(other, info, 'deadline-set-up', 'Secure your account');
  await button(other, 'Set it up now').click();
  await inspect(other, info, 'deadline-prove', 'Verify your email address');
  await enterCode(other, await mailedCode('ann@example.org'));
  await heading(other, 'Secure your account');
  await later(other).click();
  await isIn(other);

  // the last day
  await s.advance('2d');
  await logIn(page, 'ann@example.org');
  await expect(page.getByText('Today is the last day')).toBeVisible();
  await inspect(page, info, 'deadline-last-day', 'Secure your account');
  await later(page).click();
  await isIn(page);
  await s.advance('1d');

  // after it
  await logIn(page, 'ann@example.org');
  await inspect(page, info, 'deadline-ended', ENDED);
  await expect(page.getByText('Contact Human Resources: they')).toBeVisible();
  await expect(later(page)).toHaveCount(0);
});

test('Y1: optional is offered, not asked for', async ({ page, browser,
  server }, info) => {
  await server({ people, realm: { second_factor: 'optional' } });
  await register(page, 'kim@example.org');
  await inspect(page, info, 'optional-secure', 'Secure your account');
  await button(page, 'Not now').click();
  await isIn(page);

  const other = await visitor(browser, info);

  await logIn(other, 'kim@example.org', { to: '/mfa/' });
  await inspect(other, info, 'optional-home', 'Your applications');
  await button(other, 'Set up a second factor').click();
  await heading(other, 'Secure your account');
  await button(other, 'Not now').click();
  await heading(other, 'Your applications');
});

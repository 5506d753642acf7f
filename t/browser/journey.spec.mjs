// The first journey, as a person makes it: issue "The gate and the
// authenticator journey", "What it must show", 1.

import { test, expect } from '@playwright/test';
import { address, appCode, button, CODE_LABEL, field, inspect, link,
  mailedCode, moreMail, origin, PASSWORD, register, secretFromScreen }
  from './tools.mjs';

test('register, two applications, log out, Back, log in', async (
  { page, context }, info) => {
  const email = address(info, 'max');

  // L1: an unknown visitor asks for a page and is asked to log in
  await page.goto(`${origin()}/mss/report?q=1`);
  await inspect(page, info, 'login', 'Login');
  await expect(page.getByText('Manager Self Service')).toBeVisible();

  // R1
  await link(page, 'Register').click();
  await inspect(page, info, 'register', 'Register');
  await expect(page.getByText('Please verify your email address.'))
    .toBeVisible();
  await field(page, 'Email address').fill('no address');
  await button(page, 'Send verification code').click();
  await inspect(page, info, 'register-error', 'Register');
  await expect(page).toHaveTitle(/^Error: /);
  await expect(field(page, 'Email address')).toHaveValue('no address');
  await field(page, 'Email address').fill(email);
  await button(page, 'Send verification code').click();

  // R2
  await expect(page.getByText('Verification code has been sent to your inbox.'
    + ' Please enter code below')).toBeVisible();
  await expect(page.getByText(email)).toBeVisible();
  await inspect(page, info, 'register-code', 'Register');
  await field(page, 'Verification code').fill('12');
  await button(page, 'Verify code').click();
  await inspect(page, info, 'register-code-error', 'Register');
  await expect(page).toHaveTitle(/^Error: /);
  await field(page, 'Verification code').fill(await mailedCode(email));
  await button(page, 'Verify code').click();

  // R4
  await expect(page.getByText('Email address verified. You can now continue.'))
    .toBeVisible();
  await inspect(page, info, 'register-details', 'Register');
  await expect(field(page, 'First name')).toHaveValue('Max');
  await field(page, 'New password').fill(PASSWORD);
  await field(page, 'Confirm new password').fill('something else');
  await button(page, 'Continue').click();
  await inspect(page, info, 'register-details-error', 'Register');
  await expect(field(page, 'New password')).toHaveValue('');
  await field(page, 'New password').fill(PASSWORD);
  await field(page, 'Confirm new password').fill(PASSWORD);
  await button(page, 'Continue').click();

  // E6, E1, E2
  await link(page, 'Authenticator app').click();
  await inspect(page, info, 'secure', 'Secure your account');
  await page.getByText('Still having trouble?').click();
  await expect(page.locator('code').first()).toBeVisible();
  await inspect(page, info, 'secure-trouble', 'Secure your account');

  const app = await secretFromScreen(page);

  expect(decodeURIComponent(app.uri)).toContain(`Example Council:${email}`);
  await field(page, CODE_LABEL).fill('000000');
  await button(page, 'Continue').click();
  await inspect(page, info, 'secure-error', 'Secure your account');

  // E3: the same secret stands, and one right code makes it count
  const again = await secretFromScreen(page);

  expect(again.secret).toBe(app.secret);
  await field(page, CODE_LABEL).fill(await appCode(app.secret));
  await button(page, 'Continue').click();

  // R7: the end page, then the page asked for
  await inspect(page, info, 'register-done', 'Register');
  await expect(page.getByText('Thank you for registering for multi-factor '
    + 'authentication. Press Continue to log in to Manager Self Service.'))
    .toBeVisible();
  await button(page, 'Continue').click();
  await expect(page).toHaveURL(`${origin()}/mss/report?q=1`);
  await expect(page.getByText('Hello Max Example.')).toBeVisible();

  // L7, R8: the other application asks for nothing
  await page.goto(`${origin()}/ess/`);
  await expect(page.getByRole('heading', { level: 1,
    name: 'Employee Self Service' })).toBeVisible();
  await expect(page.getByRole('cell', { name: email })).toBeVisible();

  // L11
  await page.goto(`${origin()}/mfa/`);
  await inspect(page, info, 'home', 'Your applications');
  await link(page, 'Security settings').click();
  await inspect(page, info, 'security', 'Security settings');
  await page.goto(`${origin()}/mfa/login`);
  await expect(page.getByRole('heading', { name: 'Your applications' }))
    .toBeVisible();

  // E7: every address on record was told
  await moreMail(email.replace('@', '.home@'));

  // L10
  await page.goto(`${origin()}/ess/`);
  await link(page, 'Log out of ESS').click();
  await link(page, 'Log out everywhere').click();
  await inspect(page, info, 'logout', 'Log out?');
  await button(page, 'Log out').click();
  await inspect(page, info, 'logged-out', 'You have logged out');

  // Back shows nothing personal, wherever it leads
  for (let i = 0; i < 4; i++) {
    await page.goBack();
    await expect(page.getByText('Hello Max')).toHaveCount(0);
    await expect(page.getByText(email)).toHaveCount(0);
  }

  await page.goto(`${origin()}/ess/page?x=1`);
  await inspect(page, info, 'login-again', 'Login');

  // L2, L3, L5
  await field(page, 'Email address').fill(email);
  await field(page, 'Password').fill('not this one');
  await button(page, 'Login').click();
  await inspect(page, info, 'login-error', 'Login');
  await expect(page.getByText('Invalid login.').first()).toBeVisible();
  await expect(field(page, 'Email address')).toHaveValue(email);
  await expect(field(page, 'Password')).toHaveValue('');
  await field(page, 'Password').fill(PASSWORD);
  await button(page, 'Login').click();
  await inspect(page, info, 'verify', 'Verify');
  await field(page, CODE_LABEL).fill('000 000');
  await button(page, 'Continue').click();
  await inspect(page, info, 'verify-error', 'Verify');
  await expect(page.getByText('Invalid verification code.').first())
    .toBeVisible();

  // spaces are tolerated
  const code = await appCode(app.secret);

  await field(page, CODE_LABEL).fill(`${code.slice(0, 3)} ${code.slice(3)}`);
  await button(page, 'Continue').click();
  await expect(page).toHaveURL(`${origin()}/ess/page?x=1`);

  const cookies = await context.cookies();

  expect(cookies.every((c) => c.httpOnly)).toBe(true);
});

test('no access, other pages', async ({ page }, info) => {
  test.skip(/^(?:phone|dark).*nojs$|-js$/.test(info.project.name),
    'each width, each colour scheme and no JavaScript are enough');

  const email = address(info, 'ann');

  await page.goto(`${origin()}/mfa/password-reset`);
  await inspect(page, info, 'password-reset', 'Password reset');

  // Y2: somebody without the group
  await register(page, email, '/mss/');
  await link(page, 'Authenticator app').click();

  const { secret } = await secretFromScreen(page);

  await field(page, CODE_LABEL).fill(await appCode(secret));
  await button(page, 'Continue').click();
  await button(page, 'Continue').click();
  await inspect(page, info, 'no-access', 'You do not have access');
  await expect(page.getByText('Employee Self Service')).toBeVisible();

  // R5: only the owner of the address learns that there is an account
  await page.context().clearCookies();
  await page.goto(`${origin()}/mfa/register`);
  await field(page, 'Email address').fill(email);
  await button(page, 'Send verification code').click();
  await field(page, 'Verification code').fill(await mailedCode(email));
  await button(page, 'Verify code').click();
  await inspect(page, info, 'register-exists', 'Register');
  await expect(page.getByText('The specified user already exists.'))
    .toBeVisible();
});

test('the same pages in forced colours, and printed', async (
  { page }, info) => {
  test.skip(info.project.name !== 'desktop-js', 'once is enough');

  await page.emulateMedia({ forcedColors: 'active' });
  await page.goto(`${origin()}/mfa/login`);
  await inspect(page, info, 'login-forced-colours', 'Login');
  await page.emulateMedia({ forcedColors: 'none', media: 'print' });
  await inspect(page, info, 'login-print', 'Login');
});

// Every second factor as people use it: issue "Every second factor, and the
// person's own settings", "What it must show", 1 and 5.

import { readFileSync } from 'node:fs';
import { test, expect } from '@playwright/test';
import { address, backAndForth, button, calledCode, enterCode, field, heading,
  inspect, link, logIn, mailedCode, masked, number, origin, register,
  textedCode, tooSoon } from './tools.mjs';

const BY_SMS
  = "If you don't own a smart device, click here to set up using SMS";

const summaryLink = (page) => page.locator('.summary a').first();

// the ten codes on the page
const codesOn = (page) => page.locator('.codes code').allTextContents();

test('text message, recovery codes', async ({ page }, info) => {
  const email = address(info, 'sam');
  const phone = number(info, 1);

  // E6, E4
  await register(page, email);
  await inspect(page, info, 'secure-choose', 'Secure your account');
  await expect(page.locator('.choices a')).toHaveText(['Authenticator app',
    'Text message', 'Voice call', 'Email']);
  await backAndForth(page);
  await link(page, 'Authenticator app').click();
  await link(page, BY_SMS).click();
  await inspect(page, info, 'secure-sms', 'Verify');
  await expect(field(page, 'Country code').locator('option:checked'))
    .toHaveText('United Kingdom (+44)');
  await expect(field(page, 'Country code').locator('option'))
    .toHaveCount(3);

  // what is no number: kept, and said beside its field
  await field(page, 'Country code').selectOption('Ireland (+353)');
  await field(page, 'Phone number').fill('12');
  await button(page, 'Send code').click();
  await inspect(page, info, 'secure-sms-error', 'Verify');
  await expect(page).toHaveTitle(/^Error: /);
  await expect(field(page, 'Phone number')).toHaveValue('12');
  await expect(field(page, 'Country code').locator('option:checked'))
    .toHaveText('Ireland (+353)');
  await summaryLink(page).click();
  await expect(field(page, 'Phone number')).toBeFocused();
  await page.goto(page.url().replace(/#.*/, ''));

  await field(page, 'Country code').selectOption('United Kingdom (+44)');
  await field(page, 'Phone number').fill(phone);
  await button(page, 'Send code').click();
  await expect(page.getByText(`Verification code sent to: ${masked(phone)}`))
    .toBeVisible();
  await inspect(page, info, 'secure-sms-sent', 'Verify');
  await page.getByText('I did not get a text message').click();
  await expect(page.getByText(`ending ${masked(phone).slice(-5)}`))
    .toBeVisible();
  await inspect(page, info, 'secure-sms-help', 'Verify');
  await enterCode(page, '000000');
  await inspect(page, info, 'secure-sms-code-error', 'Verify');
  await summaryLink(page).click();
  await expect(field(page, 'Verification code')).toBeFocused();
  await backAndForth(page);

  const code = await textedCode(phone);

  await enterCode(page, `${code.slice(0, 3)} ${code.slice(3)}`);

  // R7, E8
  await inspect(page, info, 'register-done-offer', 'Register');
  await button(page, 'Make recovery codes').click();
  await inspect(page, info, 'recovery-codes', 'Recovery codes');

  const codes = await codesOn(page);
  const [download] = await Promise.all([page.waitForEvent('download'),
    link(page, 'Download as text').click()]);
  const text = readFileSync(await download.path(), 'utf8');

  expect(new Set(codes).size).toBe(10);
  expect(download.suggestedFilename()).toBe('recovery-codes.txt');
  expect(text.split(/\r?\n/).filter((l) => codes.includes(l))).toEqual(codes);

  if (info.project.name === 'desktop-nojs') {
    await page.emulateMedia({ media: 'print' });
    await inspect(page, info, 'recovery-codes-print', 'Recovery codes');
    await page.emulateMedia({ media: 'screen' });
  }

  await button(page, 'Continue').click();
  await expect(page).toHaveURL(`${origin()}/ess/`);
  await page.goBack();
  await expect(page.getByText(codes[0])).toHaveCount(0);

  // L3
  await logIn(page, email, { to: '/ess/pay?m=3' });
  await expect(page.getByText(masked(phone))).toBeVisible();
  await inspect(page, info, 'verify-sms', 'Verify');
  await expect(link(page, 'Try another way')).toHaveCount(0);
  await button(page, 'Send code').click();
  await inspect(page, info, 'verify-sms-sent', 'Verify');
  await enterCode(page, '12');
  await inspect(page, info, 'verify-sms-error', 'Verify');
  await backAndForth(page);
  await tooSoon(page, /a moment ago|can be asked for from/);
  await inspect(page, info, 'verify-sms-again', 'Verify');

  // a recovery code instead
  await link(page, 'Use a recovery code').click();
  await inspect(page, info, 'verify-recovery', 'Verify');
  await field(page, 'Recovery code').fill('AAAA-BBBB-CCCC-DDDD');
  await button(page, 'Verify code').click();
  await inspect(page, info, 'verify-recovery-error', 'Verify');
  await field(page, 'Recovery code').fill(codes[0].toLowerCase());
  await button(page, 'Verify code').click();
  await expect(page).toHaveURL(`${origin()}/ess/pay?m=3`);

  await page.goto(`${origin()}/mfa/security`);
  await expect(page.getByText('9 left')).toBeVisible();

  // few are left: once is enough, the words are the same everywhere
  if (info.project.name !== 'phone-320') {
    return;
  }

  for (const one of codes.slice(1, 8)) {
    await logIn(page, email, { to: '/mfa/' });
    await link(page, 'Use a recovery code').click();
    await field(page, 'Recovery code').fill(one);
    await button(page, 'Verify code').click();
    await heading(page, 'Your applications');
  }

  await expect(page.getByText('Recovery codes left: 2.')).toBeVisible();
  await inspect(page, info, 'home-few-codes', 'Your applications');
  await link(page, 'Make new recovery codes').click();
  await expect(page.getByText('Only a few recovery codes are left'))
    .toBeVisible();
  await inspect(page, info, 'security-few-codes', 'Security settings');
});

test('voice call', async ({ page }, info) => {
  const email = address(info, 'vic');
  const phone = number(info, 2);

  // by call from the begin
  await register(page, email);
  await link(page, 'Voice call').click();
  await inspect(page, info, 'secure-voice', 'Verify');
  await button(page, 'Call me').click();
  await inspect(page, info, 'secure-voice-error', 'Verify');
  await expect(page).toHaveTitle(/^Error: /);
  await summaryLink(page).click();
  await expect(field(page, 'Phone number')).toBeFocused();

  // E4: the call beside the text message
  await link(page, 'Choose another method').click();
  await link(page, 'Text message').click();
  await field(page, 'Phone number').fill(phone);
  await button(page, 'Call me instead').click();
  await expect(page.getByText(`Verification code sent to: ${masked(phone)}`))
    .toBeVisible();
  await inspect(page, info, 'secure-voice-sent', 'Verify');
  await backAndForth(page);

  // second thoughts about the number, and back
  await link(page, 'Use another phone number').click();
  await expect(field(page, 'Phone number')).toBeVisible();
  await page.goBack();
  await enterCode(page, await calledCode(phone));
  await heading(page, 'Register');
  await button(page, 'Continue').click();
  await expect(page).toHaveURL(`${origin()}/ess/`);

  // L3; nobody is called before it is asked for
  await logIn(page, email);
  await inspect(page, info, 'verify-voice', 'Verify');
  await button(page, 'Call me').click();
  await inspect(page, info, 'verify-voice-sent', 'Verify');
  await enterCode(page, await calledCode(phone));
  await expect(page).toHaveURL(`${origin()}/ess/`);
});

test('email: one address, or none to choose', async ({ page }, info) => {
  const email = address(info, 'una');

  // E5
  await register(page, email);
  await link(page, 'Email').click();
  await inspect(page, info, 'secure-email-one', 'Verify');
  await expect(page.getByRole('radio')).toHaveCount(0);
  await expect(page.getByText('This is the address on your record.'))
    .toBeVisible();
  await expect(page.getByText(/^No address of yours here, or a wrong one\?/))
    .toBeVisible();
  await expect(page.getByText('Ask your manager or Human Resources'))
    .toBeVisible();
  await expect(page.getByText(email)).toHaveCount(0);
  await button(page, 'Send code').click();
  await expect(link(page, 'Use another email address')).toHaveCount(0);
  await enterCode(page, await mailedCode(email));
  await heading(page, 'Register');
});

test('email, choose, another way, remembered device', async (
  { page, context }, info) => {
  const email = address(info, 'mia');
  const home = email.replace('@', '.home@');
  const phone = number(info, 4);

  // E5: two addresses
  await register(page, email);
  await link(page, 'Email').click();
  await inspect(page, info, 'secure-email', 'Verify');
  await expect(page.getByRole('radio')).toHaveCount(2);
  await expect(page.getByText(email)).toHaveCount(0);
  await page.getByRole('radio').nth(1).check();
  await button(page, 'Send code').click();
  await inspect(page, info, 'secure-email-sent', 'Verify');
  await backAndForth(page);
  await enterCode(page, '999');
  await inspect(page, info, 'secure-email-error', 'Verify');
  await enterCode(page, await mailedCode(home));
  await heading(page, 'Register');
  await button(page, 'Continue').click();

  // one method: no choice
  await logIn(page, email);
  await inspect(page, info, 'verify-email', 'Verify');
  await expect(link(page, 'Try another way')).toHaveCount(0);
  await button(page, 'Send code').click();
  await inspect(page, info, 'verify-email-sent', 'Verify');
  await enterCode(page, await mailedCode(home));

  // a second one
  await page.goto(`${origin()}/mfa/security`);
  await button(page, 'Set up Text message').click();
  await field(page, 'Phone number').fill(phone);
  await button(page, 'Send code').click();
  await enterCode(page, await textedCode(phone));
  await heading(page, 'Security settings');

  // L4
  await logIn(page, email, { to: '/ess/z?q=2' });
  await inspect(page, info, 'verify-choose', 'Choose how to verify');

  const own = page.locator('.choices a');

  await expect(own).toHaveCount(2);
  await link(page, 'Text message').click();
  await button(page, 'Send code').click();
  await textedCode(phone);
  await backAndForth(page);
  await link(page, 'Try another way').click();
  await heading(page, 'Choose how to verify');
  await link(page, 'Email').click();
  await backAndForth(page);
  await button(page, 'Send code').click();
  await field(page, 'Remember this device').check();
  await enterCode(page, await mailedCode(home));
  await expect(page).toHaveURL(`${origin()}/ess/z?q=2`);

  // L13: the code is skipped, the password is not
  await logIn(page, email, { to: '/ess/a', password: 'not this one 12' });
  await heading(page, 'Login');
  await field(page, 'Password').fill('copper kettle nine 4711');
  await button(page, 'Login').click();
  await expect(page).toHaveURL(`${origin()}/ess/a`);

  // D13: nobody proved a factor here, so the settings ask
  await page.goto(`${origin()}/mfa/security`);
  await button(page, 'Change password').click();
  await inspect(page, info, 'settings-choose', 'Choose how to verify');
  await expect(own).toHaveText(['Email', 'Text message']);
  await link(page, 'Text message').click();
  await inspect(page, info, 'settings-verify', 'Verify');
  await expect(page.getByText('Before your security settings are changed'))
    .toBeVisible();
  await button(page, 'Cancel').click();
  await heading(page, 'Security settings');
  await button(page, 'Remove Text message').click();
  await link(page, 'Text message').click();
  await button(page, 'Send code').click();
  await inspect(page, info, 'settings-verify-sent', 'Verify');
  await enterCode(page, await textedCode(phone));
  await inspect(page, info, 'security-remove-sms', 'Remove Text message?');
  await backAndForth(page);
  await button(page, 'Cancel').click();

  // S3: revoked
  await inspect(page, info, 'security-device', 'Security settings');
  await page.getByRole('button', { name: /^Forget / }).click();
  await expect(page.getByText('The browser is forgotten.')).toBeVisible();
  await inspect(page, info, 'security-forgotten', 'Security settings');
  await expect(page.getByText('No browser is remembered.')).toBeVisible();
  await logIn(page, email);
  await heading(page, 'Choose how to verify');

  // last used first
  await expect(own).toHaveText(['Text message', 'Email']);
  expect((await context.cookies()).every((c) => c.httpOnly)).toBe(true);
});

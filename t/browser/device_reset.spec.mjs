// A lost, new or changed phone, as people meet it: issue "Forgotten
// passwords, lost phones, and the helpdesk", "What it must show", 1:
// product.md section 5. What staff do with a request is in staff.spec.mjs.

import { expect } from '@playwright/test';
import { address, appCode, backAndForth, button, CODE_LABEL, enterCode, field,
  heading, inspect, link, logIn, loginOf, mailCount, mailedCode,
  masked, moreMail, number, origin, PASSWORD, secretFromScreen, test,
  textedCode, tooSoon, visitor, words } from './tools.mjs';

const NEW_PASSWORD = 'velvet anchor mint 5822';
const SENT = 'Verification code has been sent to your inbox. Please enter '
  + 'code below';
const VERIFIED = 'Email address verified. You can now continue.';
const DONE = 'Thank you for registering for multi-factor authentication. '
  + 'Please visit your normal login URL and enter your new authentication '
  + 'details.';
const STEPS = ['address', 'code', 'verified', 'choose', 'app', 'mistyped'];

const send = (page) => button(page, 'Send verification code').click();

async function follow(page, name) {
  await page.locator('.summary a').first().click();
  await expect(field(page, name)).toBeFocused();
}

async function typeAppCode(page, code) {
  await field(page, CODE_LABEL).fill(code);
  await button(page, 'Continue').click();
}

// from the login to one of STEPS
async function walk(page, me, last) {
  let mailed = '';

  const steps = {
    address: () => link(page, 'Reset device').click(),
    code: async () => {
      await field(page, 'Email address').fill(me.email);
      await send(page);
      mailed = await mailedCode(me.email);
    },
    verified: () => enterCode(page, mailed),
    choose: () => button(page, 'Continue').click(),
    app: () => link(page, 'Authenticator app').click(),
    mistyped: () => typeAppCode(page, '12'),
  };

  await logIn(page, me.email, { password: me.password });

  for (const step of STEPS.slice(0, STEPS.indexOf(last) + 1)) {
    await steps[step]();
  }
}

const looksRight = {
  address: async (page, info) => {
    await inspect(page, info, 'device', 'Reset device');
    await expect(page.getByText('Please verify your email address.'))
      .toBeVisible();
    await backAndForth(page);
    await field(page, 'Email address').fill('ann');
    await send(page);
    await inspect(page, info, 'device-error', 'Reset device');
    await follow(page, 'Email address');
    await expect(field(page, 'Email address')).toHaveValue('ann');
    await link(page, 'Back to Verify').click();
    await heading(page, 'Verify');
  },
  code: async (page, info) => {
    await inspect(page, info, 'device-code', 'Reset device');
    await expect(page.getByText(SENT)).toBeVisible();
    await backAndForth(page);
    await button(page, 'Cancel').click();
    await heading(page, 'Verify');
  },
  verified: async (page, info) => {
    await inspect(page, info, 'device-verified', 'Reset device');
    await expect(page.getByText(VERIFIED)).toBeVisible();
    await backAndForth(page);
  },
  choose: async (page, info) => {
    await inspect(page, info, 'device-choose', 'Secure your account');
    await expect(page.locator('.choices a')).toHaveText(['Authenticator app',
      'Text message', 'Voice call']);
  },
  app: async (page, info) => {
    await inspect(page, info, 'device-app', 'Secure your account');
    await expect(page.getByText('the old one stays valid')).toBeVisible();
    await backAndForth(page);
  },
  mistyped: async (page, info) => {
    await inspect(page, info, 'device-app-error', 'Secure your account');
    await follow(page, CODE_LABEL);
  },
};

test('D2 D3: another app; who leaves at any step keeps the old', async (
  { page, browser, server }, info) => {
  test.slow();

  const email = address(info, 'ann');
  const home = email.replace('@', '.home@');
  const { people: [me], advance } = await server(
    { register: [{ email, password: PASSWORD }] });
  const opens = (is = {}) => loginOf(browser, info, { ...me, ...is });

  await logIn(page, email);
  await inspect(page, info, 'device-offer', 'Verify');
  await typeAppCode(page, await appCode(me.secret));
  await expect(page).toHaveURL(`${origin()}/ess/`);

  // the dark pages are looked at alone
  for (const step of STEPS) {
    const away = await visitor(browser, info);
    let secret = '';

    await walk(away, me, step);
    await looksRight[step](away, info);

    if (['app', 'mistyped'].includes(step)) {
      ({ secret } = await secretFromScreen(away));
    }

    await away.context().close();

    if (info.project.name === 'dark') {
      continue;
    }

    await advance('61s');
    expect(await opens(), `left at ${step}`).toBe('in');

    if (secret) {
      expect(secret).not.toBe(me.secret);
      expect(await opens({ secret }), `left at ${step}`)
        .toMatch(/^Invalid verification code\./);
    }
  }

  await page.goto(`${origin()}/ess/`);
  await expect(page).toHaveURL(`${origin()}/ess/`);

  // to the end, fetched again, and Back from there
  const own = await visitor(browser, info);
  const told = await mailCount(home);

  await walk(own, me, 'app');

  const { secret } = await secretFromScreen(own);

  await typeAppCode(own, await appCode(secret));
  await inspect(own, info, 'device-done', 'Reset device');
  await expect(own.getByText(DONE)).toBeVisible();
  await expect(own.getByText('delete its old Example Council entry'))
    .toBeVisible();
  await own.reload();
  await expect(own.getByText(DONE)).toBeVisible();
  await own.goBack();
  await expect(own.getByRole('heading', { level: 1 })).toHaveCount(1);
  await own.goForward();

  // D2, D3: no login comes of it, others end, everybody is told
  expect((await own.context().cookies()).filter((c) => /session/.test(c.name)))
    .toEqual([]);
  await page.goto(`${origin()}/ess/`);
  await heading(page, 'Login');
  await moreMail(home, told);
  await link(own, 'Continue').click();
  await heading(own, 'Login');

  // a code of the old entry: told apart, and a failure
  await logIn(page, email);
  await typeAppCode(page, await appCode(me.secret));
  await expect(page.getByText('That code comes from the entry of the device '
    + 'that was replaced on')).toBeVisible();
  await inspect(page, info, 'verify-old-entry', 'Verify');
  await expect(page).toHaveURL(/\/verify/);
  await advance('31s');
  expect(await opens({ secret })).toBe('in');
});

test('D2: an address that is not the own, codes, a phone mistyped', async (
  { page, browser, server }, info) => {
  const email = address(info, 'ann');
  const other = address(info, 'sam');
  const [wrong, next, right] = [21, 22, 23].map((n) => number(info, n));
  const { people: [me], advance } = await server(
    { register: [{ email, password: PASSWORD }] });

  // of somebody else: the same page, and no letter
  await walk(page, me, 'address');
  await field(page, 'Email address').fill(other);
  await send(page);

  await expect(page.getByText(SENT)).toBeVisible();

  const others = await words(page);

  await inspect(page, info, 'device-code-other', 'Reset device');
  await enterCode(page, '123456');
  await expect(page.getByText('Invalid verification code.').first())
    .toBeVisible();
  await button(page, 'Change email').click();
  await expect(field(page, 'Email address')).toHaveValue(other);
  await advance('31s');
  await field(page, 'Email address').fill(email);
  await send(page);
  await expect(page.getByText(SENT)).toBeVisible();
  expect((await words(page)).replaceAll(email, other)).toBe(others);

  // wrong, at once again, earlier, expired
  const first = await mailedCode(email);

  expect(await mailCount(other)).toBe(0);
  await enterCode(page, first === '000000' ? '000001' : '000000');
  await inspect(page, info, 'device-code-wrong', 'Reset device');
  await follow(page, 'Verification code');
  await tooSoon(page, 'A code was sent a moment ago.');
  await inspect(page, info, 'device-code-wait', 'Reset device');
  await advance('61s');
  await button(page, 'Send new code').click();
  await expect(page.getByText('A new code has been sent.')).toBeVisible();

  const second = await mailedCode(email);

  await enterCode(page, first);
  await expect(page.getByText('This code is from an earlier message.').first())
    .toBeVisible();
  await advance('21m');
  await enterCode(page, second);
  await expect(page.getByText('This code has expired.').first()).toBeVisible();
  await inspect(page, info, 'device-code-expired', 'Reset device');
  await button(page, 'Send new code').click();
  await enterCode(page, await mailedCode(email));
  await button(page, 'Continue').click();

  // D5, E4: to a text message, the number mistyped
  await link(page, 'Text message').click();
  await field(page, 'Phone number').fill(wrong);
  await button(page, 'Send code').click();
  await inspect(page, info, 'device-sms-sent', 'Verify');
  await textedCode(wrong);
  await link(page, 'Use another phone number').click();
  await inspect(page, info, 'device-sms-other', 'Verify');
  await field(page, 'Phone number').fill(next);
  await button(page, 'Send code').click();
  await expect(page.getByText(`Verification code sent to: ${masked(next)}`))
    .toBeVisible();
  await textedCode(next);

  // once more is too soon; what was typed stays, and there is a way back
  await link(page, 'Use another phone number').click();
  await field(page, 'Phone number').fill(right);
  await button(page, 'Send code').click();
  await inspect(page, info, 'device-sms-too-soon', 'Verify');
  await expect(field(page, 'Phone number')).toHaveValue(right);
  await follow(page, 'Phone number');
  await link(page, `Back to the code sent to ${masked(next)}`).click();
  await expect(field(page, 'Verification code')).toBeVisible();
  await inspect(page, info, 'device-sms-back', 'Verify');

  // D3: left here, nothing has changed
  expect(await loginOf(browser, info, me)).toBe('in');
  await advance('61s');
  await link(page, 'Use another phone number').click();
  await field(page, 'Phone number').fill(right);
  await button(page, 'Send code').click();

  const texted = await textedCode(right);

  await enterCode(page, texted === '000000' ? '000001' : '000000');
  await inspect(page, info, 'device-sms-wrong', 'Verify');
  await enterCode(page, texted);
  await expect(page.getByText(DONE)).toBeVisible();
  await logIn(page, email);
  await expect(page.getByText(masked(right))).toBeVisible();
  await expect(field(page, CODE_LABEL)).toHaveCount(0);
});

async function newPassword(page, me) {
  await page.goto(`${origin()}/mfa/password-reset`);
  await field(page, 'Email address').fill(me.email);
  await send(page);
  await enterCode(page, await mailedCode(me.email));
  await expect(page.getByText(/^Your email address is verified|^Email address/)
    .first()).toBeVisible();
  await page.waitForLoadState();

  if (await button(page, 'Continue').count() === 0) {
    return;
  }

  await button(page, 'Continue').click();
  await field(page, 'New password').fill(NEW_PASSWORD);
  await field(page, 'Confirm new password').fill(NEW_PASSWORD);
  await button(page, 'Continue').click();
}

test('D4: one mailbox alone, in either order', async (
  { page, browser, server }, info) => {
  const email = address(info, 'ann');
  const two = address(info, 'sam');
  const { people: [ann, sam], advance } = await server(
    { realm: { recovery_hold: '72h' },
      register: [{ email, password: PASSWORD },
        { email: two, password: PASSWORD }] });

  // the password, then the device
  await newPassword(page, ann);
  ann.password = NEW_PASSWORD;
  await logIn(page, email, ann);
  await link(page, 'Reset device').click();
  await inspect(page, info, 'device-closed', 'Reset device');
  await expect(page.getByText('your device cannot be reset by email now'))
    .toBeVisible();
  await expect(page.getByText('It will be possible again from')).toBeVisible();
  await expect(field(page, 'Email address')).toHaveCount(0);
  await backAndForth(page);
  await link(page, 'Reset Multi-Factor Authentication').click();
  await inspect(page, info, 'device-closed-approval',
    'Multi-Factor Authentication Reset');
  await button(page, 'Submit reset request').click();
  await heading(page, 'Multi-Factor Authentication Reset');
  await page.goto(`${origin()}/mfa/`);
  await heading(page, 'Login');
  await logIn(page, email, ann);
  await expect(link(page, 'Reset pending')).toBeVisible();

  // the old device goes on, and opens it again
  await advance('31s');
  expect(await loginOf(browser, info, ann)).toBe('in');
  await logIn(page, email, ann);
  await link(page, 'Reset device').click();
  await expect(field(page, 'Email address')).toBeVisible();

  // the device, then the password
  await walk(page, sam, 'app');

  const { secret } = await secretFromScreen(page);

  await typeAppCode(page, await appCode(secret));
  await expect(page.getByText(DONE)).toBeVisible();
  await newPassword(page, sam);
  await inspect(page, info, 'reset-closed-device', 'Password reset');
  await expect(page.getByText('Your password stays as it is until you log in '
    + 'with the new device.')).toBeVisible();
  await expect(page.getByText('It will be possible again from')).toBeVisible();
  await expect(field(page, 'New password')).toHaveCount(0);
  await advance('61s');
  sam.secret = secret;
  expect(await loginOf(browser, info, sam)).toBe('in');
  await newPassword(page, sam);
  await expect(page.getByText('Your password has been successfully reset.'))
    .toBeVisible();

  // recovery_hold: time opens it as well
  await logIn(page, two, { password: NEW_PASSWORD });
  await link(page, 'Reset device').click();
  await expect(field(page, 'Email address')).toHaveCount(0);
  await advance('73h');
  await logIn(page, two, { password: NEW_PASSWORD });
  await link(page, 'Reset device').click();
  await expect(field(page, 'Email address')).toBeVisible();
});

test('D1: whom to contact, or a request', async ({ page, server }, info) => {
  const email = address(info, 'ann');
  const register = [{ email, password: PASSWORD }];

  await server({ realm: { device_reset: 'off' }, register });
  await logIn(page, email);
  await expect(link(page, 'Reset device')).toHaveCount(0);
  await expect(link(page, 'Reset Multi-Factor Authentication')).toHaveCount(0);
  await page.getByText('I have lost or changed my phone').click();
  await expect(page.getByText('Contact Human Resources: they will check'))
    .toBeVisible();
  await inspect(page, info, 'device-off', 'Verify');

  // a bookmark of the page that is not offered
  await page.goto(`${origin()}/mfa/device-reset`);
  await expect(field(page, 'Email address')).toBeVisible();
  await heading(page, 'Login');

  await server({ realm: { device_reset: 'approval' }, register });
  await logIn(page, email);
  await expect(link(page, 'Reset device')).toHaveCount(0);
  await inspect(page, info, 'device-approval', 'Verify');
  await link(page, 'Reset Multi-Factor Authentication').click();
  await heading(page, 'Multi-Factor Authentication Reset');
});

// A forgotten password and a login that is held, as people meet them: issue
// "Forgotten passwords, lost phones, and the helpdesk", "What it must show",
// 1: product.md section 4, and the way out of L14 by mail.

import { expect } from '@playwright/test';
import { address, appCode, backAndForth, button, CODE_LABEL, enterCode, field,
  heading, inspect, letters, link, logIn, loginOf, mailCount, mailedCode,
  moreMail, origin, PASSWORD, test, tooSoon, visitor, waitFor, words }
  from './tools.mjs';

const NEW_PASSWORD = 'velvet anchor mint 5822';
const SENT = 'Verification code has been sent to your inbox. Please enter '
  + 'code below';
const VERIFIED = 'Email address verified. You can now continue.';
const DONE = 'Your password has been successfully reset. Please visit your '
  + 'normal login URL and enter your new password.';
const STEPS = ['address', 'code', 'verified', 'new', 'mistyped'];

const send = (page) => button(page, 'Send verification code').click();

async function follow(page, name) {
  await page.locator('.summary a').first().click();
  await expect(field(page, name)).toBeFocused();
}

async function newPassword(page, wanted, again = wanted) {
  await field(page, 'New password').fill(wanted);
  await field(page, 'Confirm new password').fill(again);
  await button(page, 'Continue').click();
}

// from an application to one of STEPS
async function walk(page, email, last) {
  let mailed = '';

  const steps = {
    address: () => link(page, 'Forgotten password?').click(),
    code: async () => {
      await field(page, 'Email address').fill(email);
      await send(page);
      mailed = await mailedCode(email);
    },
    verified: () => enterCode(page, mailed),
    new: () => button(page, 'Continue').click(),
    mistyped: () => newPassword(page, NEW_PASSWORD, `${NEW_PASSWORD}3`),
  };

  await page.goto(`${origin()}/ess/page?x=1`);

  for (const step of STEPS.slice(0, STEPS.indexOf(last) + 1)) {
    await steps[step]();
  }
}

const looksRight = {
  address: async (page, info) => {
    await inspect(page, info, 'reset', 'Password reset');
    await expect(page.getByText('Please verify your email address.'))
      .toBeVisible();
    await expect(page.getByText('Employee Self Service')).toBeVisible();
    await field(page, 'Email address').fill('ann');
    await send(page);
    await inspect(page, info, 'reset-error', 'Password reset');
    await follow(page, 'Email address');
    await expect(field(page, 'Email address')).toHaveValue('ann');
  },
  code: async (page, info) => {
    await inspect(page, info, 'reset-code', 'Password reset');
    await expect(page.getByText(SENT)).toBeVisible();
    await backAndForth(page);
    await button(page, 'Change email').click();
    await expect(field(page, 'Email address')).toHaveValue(
      address(info, 'ann'));
  },
  verified: async (page, info) => {
    await inspect(page, info, 'reset-verified', 'Password reset');
    await expect(page.getByText(VERIFIED)).toBeVisible();
    await expect(button(page, 'Change email')).toBeVisible();
    await backAndForth(page);
  },
  new: async (page, info) => {
    await inspect(page, info, 'reset-new', 'New password');
    await expect(page.getByText('At least 12 characters')).toBeVisible();
    await backAndForth(page);
    await newPassword(page, 'short');
    await inspect(page, info, 'reset-new-short', 'New password');
    await follow(page, 'New password');
  },
  mistyped: async (page, info) => {
    await inspect(page, info, 'reset-new-differ', 'New password');
    await follow(page, 'Confirm new password');
    await expect(field(page, 'New password')).toHaveValue('');
  },
};

test('P1 P2: a new password; who leaves at any step keeps the old', async (
  { page, browser, server }, info) => {
  test.slow();

  const email = address(info, 'ann');
  const home = email.replace('@', '.home@');
  const { people: [me], advance } = await server(
    { register: [{ email, password: PASSWORD }] });
  const newer = { ...me, password: NEW_PASSWORD };

  await logIn(page, email);
  await field(page, CODE_LABEL).fill(await appCode(me.secret));
  await button(page, 'Continue').click();
  await expect(page).toHaveURL(`${origin()}/ess/`);

  // the dark pages are looked at alone
  for (const step of STEPS) {
    const away = await visitor(browser, info);

    await walk(away, email, step);
    await looksRight[step](away, info);
    await away.context().close();

    if (info.project.name === 'dark') {
      continue;
    }

    await advance('61s');
    expect(await loginOf(browser, info, me), `left at ${step}`).toBe('in');

    if (step === 'mistyped') {
      expect(await loginOf(browser, info, newer), `left at ${step}`)
        .toMatch(/^Invalid login\./);
    }
  }

  await page.goto(`${origin()}/ess/`);
  await expect(page).toHaveURL(`${origin()}/ess/`);

  // to the end, with the browser's own buttons in between
  const own = await visitor(browser, info);
  const told = await mailCount(home);

  await walk(own, email, 'new');
  await newPassword(own, NEW_PASSWORD);
  await inspect(own, info, 'reset-done', 'Password reset');
  await expect(own.getByText(DONE)).toBeVisible();
  await own.reload();
  await expect(own.getByText(DONE)).toBeVisible();

  // P2: nobody is logged in by it, everybody is logged out and told
  expect((await own.context().cookies()).filter((c) => /session/.test(c.name)))
    .toEqual([]);
  await page.goto(`${origin()}/ess/`);
  await heading(page, 'Login');
  await moreMail(home, told);
  await waitFor('the news of the reset', () => letters(email).some(
    (one) => /password was\s+reset/.test(one.raw)));
  await own.goBack();
  await expect(own.getByRole('heading', { level: 1 })).toHaveCount(1);
  await own.goForward();
  await link(own, 'Continue').click();
  await inspect(own, info, 'reset-login', 'Login');
  await expect(own.getByText('Employee Self Service')).toBeVisible();

  // the second factor is the one of before
  expect(await loginOf(browser, info, me)).toMatch(/^Invalid login\./);
  expect(await loginOf(browser, info, newer)).toBe('in');
});

test('P1: codes that are wrong, early, old or of nobody; P3', async (
  { page, browser, server }, info) => {
  const email = address(info, 'ann');
  const { people: [me], advance } = await server(
    { register: [{ email, password: PASSWORD }] });

  // nothing shows that nobody has this address
  await walk(page, email, 'address');
  await field(page, 'Email address').fill(`nobody.${email}`);
  await send(page);
  await expect(page.getByText(SENT)).toBeVisible();

  const nobody = await words(page);

  await enterCode(page, '123456');
  await expect(page.getByText('Invalid verification code.').first())
    .toBeVisible();
  await button(page, 'Change email').click();
  await expect(field(page, 'Email address')).toHaveValue(`nobody.${email}`);
  await field(page, 'Email address').fill(email);
  await send(page);
  await expect(page.getByText(SENT)).toBeVisible();
  expect(await words(page)).toBe(nobody.replace('nobody.', ''));

  const first = await mailedCode(email);
  const wrong = first === '000000' ? '000001' : '000000';

  expect(await mailCount(`nobody.${email}`)).toBe(0);

  await enterCode(page, wrong);
  await inspect(page, info, 'reset-code-wrong', 'Password reset');
  await expect(page.getByText('Tries left: 4')).toBeVisible();
  await follow(page, 'Verification code');
  await expect(field(page, 'Verification code')).toHaveValue('');

  // at once, and when it may be
  await tooSoon(page, 'A code was sent a moment ago. Wait a little '
    + 'before you ask for another.');
  await inspect(page, info, 'reset-code-wait', 'Password reset');
  await advance('31s');
  await button(page, 'Send new code').click();
  await expect(page.getByText('A new code has been sent. Use the one with '
    + 'the reference shown here.')).toBeVisible();
  await inspect(page, info, 'reset-code-new', 'Password reset');

  const second = await mailedCode(email);

  await enterCode(page, first);
  await expect(page.getByText('This code is from an earlier message.').first())
    .toBeVisible();
  await inspect(page, info, 'reset-code-earlier', 'Password reset');
  await advance('21m');
  await enterCode(page, second);
  await expect(page.getByText('This code has expired. Press Send new code.')
    .first()).toBeVisible();
  await inspect(page, info, 'reset-code-expired', 'Password reset');
  await button(page, 'Send new code').click();

  const third = await mailedCode(email);

  for (let left = 4; left >= 0; left--) {
    await enterCode(page, third === '000000' ? '000001' : '000000');
    await expect(page.getByText(left > 0 ? `Tries left: ${left}`
      : 'Too many wrong codes.').first()).toBeVisible();
  }

  await expect(page.getByText('Too many wrong codes. Press Send new code.')
    .first()).toBeVisible();
  await inspect(page, info, 'reset-code-spent', 'Password reset');
  await enterCode(page, third);
  await expect(page.getByText(VERIFIED)).toHaveCount(0);

  // typed as it was read
  await advance('10m');
  await button(page, 'Send new code').click();

  const last = await mailedCode(email);

  await enterCode(page, `${last.slice(0, 3)}-${last.slice(3)} `);
  await expect(page.getByText(VERIFIED)).toBeVisible();

  // a page left open overnight
  await advance('24h');
  await button(page, 'Continue').click();
  await inspect(page, info, 'reset-overnight');
  await expect(page.getByText('That page had been open for too long')
    .first()).toBeVisible();
  expect(await loginOf(browser, info, me)).toBe('in');

  // P3: password managers, before and after the login
  await page.goto(`${origin()}/.well-known/change-password`);
  await inspect(page, info, 'change-password-address', 'Login');
  await field(page, 'Email address').fill(email);
  await field(page, 'Password').fill(PASSWORD);
  await button(page, 'Login').click();
  await field(page, CODE_LABEL).fill(await appCode(me.secret));
  await button(page, 'Continue').click();
  await heading(page, 'Security settings');
  await page.goto(`${origin()}/.well-known/change-password`);
  await heading(page, 'Security settings');
  await expect(button(page, 'Change password')).toBeVisible();
});

test('P2: codes by email alone: a recovery code as well, or a person', async (
  { page, browser, server }, info) => {
  const email = address(info, 'ann');

  await server({ register: [{ email, password: PASSWORD, method: 'Email' }] });

  const byMail = async (on) => {
    await button(on, 'Send code').click();
    await enterCode(on, await mailedCode(email));
    await expect(on).toHaveURL(`${origin()}/ess/`);
  };
  const walked = await visitor(browser, info);

  await walk(walked, email, 'verified');
  await inspect(walked, info, 'reset-closed-alone', 'Password reset');
  await expect(walked.getByText('that alone is not enough').first())
    .toBeVisible();
  await expect(field(walked, 'Recovery code')).toHaveCount(0);
  await expect(field(walked, 'New password')).toHaveCount(0);
  await walked.context().close();

  await logIn(page, email);
  await byMail(page);
  await page.goto(`${origin()}/mfa/security`);
  await button(page, 'Make new recovery codes').click();

  await heading(page, 'Recovery codes');

  const codes = await page.locator('.codes code').allTextContents();

  await button(page, 'Continue').click();
  await page.context().clearCookies();
  await walk(page, email, 'verified');
  await inspect(page, info, 'reset-closed', 'Password reset');
  await field(page, 'Recovery code').fill('AAAA-BBBB-CCCC-DDDD');
  await button(page, 'Verify code').click();
  await inspect(page, info, 'reset-closed-error', 'Password reset');
  await follow(page, 'Recovery code');
  await field(page, 'Recovery code').fill(codes[0]);
  await button(page, 'Verify code').click();
  await heading(page, 'New password');

  // who leaves here has changed nothing, for all that a code is spent
  const away = await visitor(browser, info);

  await logIn(away, email);
  await byMail(away);
  await newPassword(page, NEW_PASSWORD);
  await expect(page.getByText(DONE)).toBeVisible();
  await logIn(page, email, { password: NEW_PASSWORD });
  await byMail(page);
  await away.goto(`${origin()}/ess/`);
  await heading(away, 'Login');
  await away.context().close();
});

test('L14: held after wrong passwords, unlocked by mail', async (
  { page, browser, server }, info) => {
  const email = address(info, 'ann');
  const { people: [me], advance } = await server({
    realm: { limit: ['login_address 1000/1h', 'start_address 1000/1h',
      'code_address 1000/1h'] },
    register: [{ email, password: PASSWORD }] });
  const held = async (on) => {
    await logIn(on, email);
    await heading(on, 'Try again later');
  };

  // a stranger tries
  const stranger = await visitor(browser, info);

  for (let minutes = null; !minutes;) {
    await logIn(stranger, email, { password: 'not this one' });

    await expect(stranger.getByText(/^(Invalid login\.|Try again later)$/)
      .first()).toBeVisible();

    if (await stranger.getByText('Invalid login.').count() > 0) {
      continue;
    }

    await inspect(stranger, info, 'later', 'Try again later');
    minutes = await stranger.getByText(/about \d+ minutes/).count();
    await advance('70s');
  }

  await stranger.context().close();

  // the owner, whose password is right
  await held(page);
  await link(page, 'Send an unlock code').click();
  await inspect(page, info, 'unlock', 'Unlock your login');
  await expect(field(page, 'Email address')).toHaveValue(email);
  await field(page, 'Email address').fill('ann@');
  await button(page, 'Send an unlock code').click();
  await inspect(page, info, 'unlock-error', 'Unlock your login');
  await follow(page, 'Email address');
  await field(page, 'Email address').fill(`nobody.${email}`);
  await button(page, 'Send an unlock code').click();
  await expect(page.getByText(SENT)).toBeVisible();
  await button(page, 'Change email').click();
  await field(page, 'Email address').fill(email);
  await button(page, 'Send an unlock code').click();
  await inspect(page, info, 'unlock-code', 'Unlock your login');
  await expect(page.getByText(SENT)).toBeVisible();

  // left here: nothing is unlocked
  const away = await visitor(browser, info);

  await held(away);

  const code = await mailedCode(email);

  await enterCode(page, code === '000000' ? '000001' : '000000');
  await inspect(page, info, 'unlock-code-error', 'Unlock your login');
  await enterCode(page, code);
  await inspect(page, info, 'unlock-done', 'Unlock your login');
  await expect(page.getByText('This browser is unlocked.')).toBeVisible();
  await link(page, 'Login').click();
  await field(page, 'Email address').fill(email);
  await field(page, 'Password').fill('not this one');
  await button(page, 'Login').click();
  await expect(page.getByText('Invalid login.').first()).toBeVisible();
  await field(page, 'Password').fill(PASSWORD);
  await button(page, 'Login').click();
  await heading(page, 'Verify');
  await field(page, CODE_LABEL).fill(await appCode(me.secret));
  await button(page, 'Continue').click();
  await expect(page).toHaveURL(new RegExp(`^${origin()}/(ess/|mfa/)$`));

  // no other browser, until the hour is over
  await held(away);
  await away.context().close();
  await advance('61m');
  expect(await loginOf(browser, info, me)).toBe('in');
});

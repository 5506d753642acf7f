// A person's own settings, every action: issue "Every second factor, and the
// person's own settings", "What it must show", 1 and 5. What a remembered
// device does there is in factors.spec.mjs.

import { expect } from '@playwright/test';
import { address, appCode, backAndForth, button, CODE_LABEL, enterCode, field,
  heading, inspect, link, logIn, mailCount, mailedCode, masked, moreMail,
  number, origin, PASSWORD, register, secretFromScreen, test, textedCode }
  from './tools.mjs';

const NEW_PASSWORD = 'velvet anchor mint 5822';
const FIREFOX
  = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

const settings = (page) => page.goto(`${origin()}/mfa/security`);

// the row of a method
const row = (page, name) => page.getByRole('listitem').filter({
  has: page.getByRole('heading', { level: 3, name, exact: true }) });

// what the summary's first line leads to
async function follow(page, name) {
  await page.locator('.summary a').first().click();
  await expect(field(page, name)).toBeFocused();
}

async function changePassword(page, current, wanted, again = wanted) {
  await field(page, 'Current password').fill(current);
  await field(page, 'New password').fill(wanted);
  await field(page, 'Confirm new password').fill(again);
  await button(page, 'Change password').click();
}

// another browser of the same person, logged in
async function elsewhere(browser, info, email, phone, password) {
  const { javaScriptEnabled, viewport, colorScheme } = info.project.use;
  const context = await browser.newContext({ javaScriptEnabled, viewport,
    colorScheme, userAgent: FIREFOX, locale: 'en-GB' });
  const page = await context.newPage();

  await logIn(page, email, { password });
  await link(page, 'Text message').click();
  await button(page, 'Send code').click();
  await enterCode(page, await textedCode(phone));
  await expect(page).toHaveURL(`${origin()}/ess/`);
  return page;
}

const isOut = async (page) => {
  await page.goto(`${origin()}/ess/`);
  await heading(page, 'Login');
};

test('every action', async ({ page, browser }, info) => {
  const email = address(info, 'kim');
  const home = email.replace('@', '.home@');
  const [first, second] = [number(info, 11), number(info, 12)];

  await register(page, email);
  await link(page, 'Authenticator app').click();

  const old = await secretFromScreen(page);

  await field(page, CODE_LABEL).fill(await appCode(old.secret));
  await button(page, 'Continue').click();
  await button(page, 'Continue').click();

  // S1, S2
  await settings(page);
  await inspect(page, info, 'security-one', 'Security settings');
  await expect(row(page, 'Authenticator app').getByText(/✓ added on \d/))
    .toBeVisible();
  await expect(row(page, 'Text message').getByText('not set up'))
    .toBeVisible();
  await expect(button(page, 'Remove Authenticator app')).toHaveCount(0);

  // Set up, with second thoughts
  await button(page, 'Set up Text message').click();
  await inspect(page, info, 'settings-sms', 'Verify');
  await button(page, 'Cancel').click();
  await heading(page, 'Security settings');
  await button(page, 'Set up Text message').click();
  await field(page, 'Phone number').fill(first);
  await button(page, 'Send code').click();
  await inspect(page, info, 'settings-sms-sent', 'Verify');
  await backAndForth(page);
  await enterCode(page, await textedCode(first));
  await inspect(page, info, 'security-two', 'Security settings');
  await expect(row(page, 'Text message').getByText(masked(first)))
    .toBeVisible();
  await expect(button(page, 'Remove Authenticator app')).toBeVisible();

  // Change: the old number stays until the new one is proved
  await button(page, 'Change Text message').click();
  await field(page, 'Phone number').fill(second);
  await button(page, 'Send code').click();
  await textedCode(second);
  await link(page, 'Use another phone number').click();
  await field(page, 'Phone number').fill('12');
  await button(page, 'Send code').click();
  await inspect(page, info, 'settings-sms-other-error', 'Verify');
  await follow(page, 'Phone number');
  await settings(page);
  await expect(row(page, 'Text message').getByText(masked(first)))
    .toBeVisible();
  await button(page, 'Change Text message').click();
  await field(page, 'Phone number').fill(second);
  await button(page, 'Send code').click();
  await enterCode(page, await textedCode(second));
  await expect(row(page, 'Text message').getByText(masked(second)))
    .toBeVisible();

  // the app as well; D5
  await button(page, 'Change Authenticator app').click();
  await inspect(page, info, 'settings-app', 'Secure your account');

  const app = await secretFromScreen(page);

  expect(app.secret).not.toBe(old.secret);
  await field(page, CODE_LABEL).fill('12');
  await button(page, 'Continue').click();
  await inspect(page, info, 'settings-app-error', 'Secure your account');
  await follow(page, CODE_LABEL);
  await field(page, CODE_LABEL).fill(await appCode(app.secret));
  await button(page, 'Continue').click();
  await heading(page, 'Security settings');

  // Set up Email, Remove it: asked, cancelled, done (C8, C10)
  await button(page, 'Set up Email').click();
  await inspect(page, info, 'settings-email', 'Verify');
  await page.getByRole('radio').nth(1).check();
  await button(page, 'Send code').click();
  await enterCode(page, await mailedCode(home));
  await heading(page, 'Security settings');
  await button(page, 'Remove Email').click();
  await inspect(page, info, 'security-remove', 'Remove Email?');
  await button(page, 'Cancel').click();
  await expect(button(page, 'Remove Email')).toBeVisible();
  await button(page, 'Remove Email').click();

  const told = await mailCount(home);

  await button(page, 'Remove').click();
  await heading(page, 'Security settings');
  await expect(button(page, 'Set up Email')).toBeVisible();
  await moreMail(home, told);

  // E8, from the settings
  await button(page, 'Make new recovery codes').click();
  await inspect(page, info, 'settings-recovery', 'Recovery codes');
  await expect(page.locator('.codes code')).toHaveCount(10);
  await button(page, 'Continue').click();
  await expect(page.getByText('10 left')).toBeVisible();

  // S1: Change password
  await button(page, 'Change password').click();
  await inspect(page, info, 'change-password', 'Change password');
  await button(page, 'Cancel').click();
  await button(page, 'Change password').click();
  await changePassword(page, 'not this one 12', NEW_PASSWORD);
  await inspect(page, info, 'change-password-wrong', 'Change password');
  await expect(page).toHaveTitle(/^Error: /);
  await follow(page, 'Current password');
  await expect(field(page, 'Current password')).toHaveValue('');
  await changePassword(page, PASSWORD, 'short');
  await inspect(page, info, 'change-password-short', 'Change password');
  await follow(page, 'New password');
  await changePassword(page, PASSWORD, NEW_PASSWORD, `${NEW_PASSWORD}3`);
  await inspect(page, info, 'change-password-differ', 'Change password');
  await follow(page, 'Confirm new password');
  await changePassword(page, PASSWORD, NEW_PASSWORD);
  await inspect(page, info, 'security-password', 'Security settings');

  // S3: two other browsers, ended one way and the other
  const one = await elsewhere(browser, info, email, second, NEW_PASSWORD);
  const two = await elsewhere(browser, info, email, second, NEW_PASSWORD);
  const end = page.getByRole('button', { name: /^End Firefox on Linux/ });

  await settings(page);
  await inspect(page, info, 'security-sessions', 'Security settings');
  await expect(end).toHaveCount(2);
  await end.first().click();
  await expect(page.getByText('The session was ended.')).toBeVisible();
  await expect(end).toHaveCount(1);
  await button(page, 'Log out everywhere else').click();
  await expect(page.getByText('You are logged out everywhere else.'))
    .toBeVisible();
  await inspect(page, info, 'security-alone', 'Security settings');
  await expect(end).toHaveCount(0);
  await expect(button(page, 'Log out everywhere else')).toHaveCount(0);
  await isOut(one);
  await isOut(two);

  // S4
  const events = page.locator('ol.events > li');

  expect(await events.count()).toBeLessThanOrEqual(20);
  await expect(events.filter({ hasText: 'Password changed' })).toHaveCount(1);
  await expect(events.filter({ hasText: 'removed: Email' })).toHaveCount(1);

  // a page that has gone stale: said, nothing done
  const context = page.context();
  const stale = await context.newPage();

  await settings(stale);
  await button(page, 'Remove Text message').click();
  await button(page, 'Remove').click();
  await button(stale, 'Change Text message').click();
  await expect(stale.getByText('That is no longer possible')).toBeVisible();
  await inspect(stale, info, 'security-stale', 'Security settings');
  await stale.close();
  await one.context().close();
  await two.context().close();
});

// D5, A1: Change and Remove become Reset pending with Cancel request
test('changes that staff approve', async ({ page, browser, server }, info) => {
  const s = await server({
    realm: { factor_change: 'approval', helpdesk_group: 'helpdesk' },
    people: [{ email: 'ann@example.org', user: 'ann', first_name: 'Ann',
      surname: 'Example', groups: '', other_email: 'ann.home@example.org',
      manager: '' }],
    register: [{ email: 'ann@example.org' }],
  });
  const [ann] = s.people;
  const title = 'Multi-Factor Authentication Reset';
  const change = button(page, 'Change Authenticator app');
  const enter = async (at) => {
    await logIn(at, ann.email, ann);
    await field(at, CODE_LABEL).fill(await appCode(ann.secret));
    await button(at, 'Continue').click();
    await expect(at).toHaveURL(`${origin()}/ess/`);
  };

  await enter(page);
  await settings(page);
  await inspect(page, info, 'approval-security', 'Security settings');
  await expect(button(page, 'Set up Text message')).toHaveCount(0);

  // second thoughts
  await change.click();
  await inspect(page, info, 'approval-request', title);
  await expect(page.getByText('Until then your current way to verify stays '
    + 'valid.')).toBeVisible();
  await backAndForth(page);
  await button(page, 'Cancel').click();
  await heading(page, 'Security settings');
  await expect(page.getByText('Reset pending')).toHaveCount(0);

  await change.click();
  await button(page, 'Submit reset request').click();
  await inspect(page, info, 'approval-pending', 'Security settings');
  await expect(page.getByRole('heading', { name: 'Reset pending' }).first())
    .toBeVisible();
  await expect(page.getByText(/Your two words: [a-z]+ [a-z]+$/))
    .toBeVisible();
  await expect(change).toHaveCount(0);

  // the old app keeps working
  await s.advance('61s');

  const other = await (await browser.newContext()).newPage();

  await enter(other);
  await other.context().close();

  await settings(page);
  await button(page, 'Cancel request').click();
  await inspect(page, info, 'approval-cancelled', 'Security settings');
  await expect(page.getByText('The reset request was cancelled.'))
    .toBeVisible();
  await expect(change).toBeVisible();
});

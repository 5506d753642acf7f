// Welsh from the first page to the last mail, and a brand (O6): issue "Life
// with legacy applications", "What it must show", 6.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { expect } from '@playwright/test';
import { appCode, button, field, inspect, letters, link, mailedCode, origin,
  PASSWORD, secretFromScreen, test, visitor, waitFor } from './tools.mjs';

const top = fileURLToPath(new URL('../..', import.meta.url));
const welsh = new Map();
const unquote = (text) => text.replace(/\\(["\\])/g, '$1');

for (const [, id, text] of readFileSync(`${top}html/text/cy.po`, 'utf8')
  .replace(/"\n"/g, '')
  .matchAll(/^msgid "(.+)"\nmsgstr "(.*)"$/gm)) {
  welsh.set(unquote(id), unquote(text));
}

// the Welsh for it, with the values it names
function cy(english, values = {}) {
  const text = welsh.get(english);

  expect(text, `the Welsh for "${english}"`).toBeTruthy();
  return text.replace(/\{\{(\w+)\}\}/g, (_, name) => values[name] ?? '');
}

const people = ['ann', 'kim'].map((name) => ({
  email: `${name}@example.org`, user: name, first_name: name,
  surname: 'Example', groups: '', other_email: '', manager: '' }));
const speaks = { languages: 'en cy' };

// every page in this language: html, the header, the link to the other one
async function inWelsh(page, info, name, title) {
  await inspect(page, info, `welsh-${name}`, cy(title));
  expect(await page.locator('html').getAttribute('lang')).toBe('cy');

  const other = link(page, 'English');

  await expect(other).toHaveAttribute('lang', 'en');
  await expect(other).toHaveAttribute('hreflang', 'en');
}

// an error as inspect looks at it, in words of the language
async function errorInWelsh(page, field_) {
  await expect(page).toHaveTitle(new RegExp(`^${cy('Error:')} `));
  await expect(page.getByRole('alert')).toContainText(cy('There is a problem'));
  await expect(page.locator(`.summary a[href="#${field_}"]`)).toHaveCount(1);
}

// the words of a letter, whatever its coding
function read(raw) {
  const bytes = raw.replace(/=\r?\n/g, '').replace(/=([0-9A-F]{2})/g,
    (_, hex) => String.fromCharCode(parseInt(hex, 16)));

  return Buffer.from(bytes, 'latin1').toString('utf8') + raw.replace(
    /\?=\r?\n =\?UTF-8\?B\?/g, '').replace(/=\?UTF-8\?B\?([^?]*)\?=/g,
    (_, text) => Buffer.from(text, 'base64').toString('utf8'));
}

const letterWith = (to, text) => waitFor(`"${text}" to ${to}`,
  () => letters(to).find((m) => read(m.raw).includes(text))?.raw);

const isWelsh = (raw) => expect(raw).toMatch(/^Content-Language: cy\r?$/m);

const codeField = (page) => field(page,
  cy('Please enter verification code using your authentication app'));

test('O6: Welsh from the first page to the last mail', async (
  { page, browser, server }, info) => {
  const email = 'ann@example.org';

  await server({ people, realm: speaks });

  // the link, reached before everything but the skip link
  await page.goto(`${origin()}/ess/`);
  await inspect(page, info, 'welsh-link', 'Login');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await expect(link(page, 'Cymraeg')).toBeFocused();
  await page.keyboard.press('Enter');
  await inWelsh(page, info, 'login', 'Login');
  await expect(page.getByText('Employee Self Service')).toBeVisible();

  // register
  await link(page, cy('Register')).click();
  await inWelsh(page, info, 'register', 'Register');
  await field(page, cy('Email address')).fill('dim');
  await button(page, cy('Send verification code')).click();
  await errorInWelsh(page, 'email');
  await field(page, cy('Email address')).fill(email);
  await button(page, cy('Send verification code')).click();
  await inWelsh(page, info, 'register-code', 'Register');

  const code = await mailedCode(email);

  isWelsh(await letterWith(email, cy('Your verification code:')));
  await field(page, cy('Verification code')).fill(code);
  await button(page, cy('Verify code')).click();
  await inWelsh(page, info, 'register-details', 'Register');
  await field(page, cy('New password')).fill(PASSWORD);
  await field(page, cy('Confirm new password')).fill(PASSWORD);
  await button(page, cy('Continue')).click();

  // enrol
  await inWelsh(page, info, 'secure', 'Secure your account');
  await link(page, cy('Authenticator app')).click();
  await inWelsh(page, info, 'secure-app', 'Secure your account');

  const app = await secretFromScreen(page);

  await codeField(page).fill('000000');
  await button(page, cy('Continue')).click();
  await errorInWelsh(page, 'code');
  await codeField(page).fill(await appCode(app.secret));
  await button(page, cy('Continue')).click();
  await inWelsh(page, info, 'register-done', 'Register');
  isWelsh(await letterWith(email, cy('A way to verify was added to your '
    + '{{brand}} account', { brand: 'Example Council' })));

  await button(page, cy('Continue')).click();
  await expect(page.getByText('Hello')).toBeVisible();

  // the settings
  await page.goto(`${origin()}/mfa/security`);
  await inWelsh(page, info, 'security', 'Security settings');

  // log out
  await page.goto(`${origin()}/mfa/logout`);
  await inWelsh(page, info, 'logout', 'Log out?');
  await button(page, cy('Log out')).click();
  await expect(page.locator('html')).toHaveAttribute('lang', 'cy');
  await inspect(page, info, 'welsh-logged-out', cy('You have logged out'));

  // a forgotten password, in a browser that speaks Welsh by itself
  const { javaScriptEnabled, viewport, colorScheme, hasTouch }
    = info.project.use;
  const context = await browser.newContext({ javaScriptEnabled, viewport,
    colorScheme, hasTouch, locale: 'cy-GB' });
  const other = await context.newPage();

  await other.goto(`${origin()}/ess/`);
  await inWelsh(other, info, 'login-own', 'Login');
  await link(other, cy('Forgotten password?')).click();
  await inWelsh(other, info, 'reset', 'Password reset');
  await field(other, cy('Email address')).fill(email);
  await button(other, cy('Send verification code')).click();
  await inWelsh(other, info, 'reset-code', 'Password reset');
  await field(other, cy('Verification code')).fill(await mailedCode(email));
  await button(other, cy('Verify code')).click();
  await inWelsh(other, info, 'reset-verified', 'Password reset');
  await button(other, cy('Continue')).click();
  await inWelsh(other, info, 'reset-new', 'New password');
  await field(other, cy('New password')).fill(`${PASSWORD} eto`);
  await field(other, cy('Confirm new password')).fill(`${PASSWORD} eto`);
  await button(other, cy('Continue')).click();
  isWelsh(await letterWith(email, cy('Your {{brand}} password was reset',
    { brand: 'Example Council' })));

  // log in
  const third = await visitor(browser, info);

  await third.goto(`${origin()}/ess/`);
  await link(third, 'Cymraeg').click();
  await field(third, cy('Email address')).fill(email);
  await field(third, cy('Password')).fill('rhywbeth arall');
  await button(third, cy('Login')).click();
  await errorInWelsh(third, 'email');
  await field(third, cy('Password')).fill(`${PASSWORD} eto`);
  await button(third, cy('Login')).click();
  await inWelsh(third, info, 'verify', 'Verify');
  await codeField(third).fill(await appCode(app.secret));
  await button(third, cy('Continue')).click();
  await expect(third.getByText('Hello')).toBeVisible();

  // what the browser wants counts where nothing was chosen, and back again
  await link(other, 'English').click();
  await expect(other.locator('html')).toHaveAttribute('lang', 'en');
  await context.close();
});

const LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 150 40">'
  + '<rect width="40" height="40" rx="8" fill="#fff"/>'
  + '<rect x="52" y="12" width="98" height="16" rx="8" fill="#ffd5ee"/></svg>';

test('O6: a brand without touching an installed file', async (
  { page, server }, info) => {
  const dir = mkdtempSync(`${tmpdir()}/mfa-look-`);

  writeFileSync(`${dir}/logo.svg`, LOGO);
  writeFileSync(`${dir}/foot.html`, '</main>\n<footer>\n<div class="column">\n'
    + '<p>{{#t}}Help{{/t}}: {{support.name}}, from eight to six</p>\n</div>\n'
    + '</footer>\n</body>\n</html>\n');

  try {
    await server({ people, realm: { ...speaks, brand: '"River District"',
      logo: `${dir}/logo.svg`, colour: '"#7a1f5c"', templates: dir } });
    await page.goto(`${origin()}/ess/`);

    const logo = page.getByRole('img', { name: 'River District' });

    await expect(logo).toBeVisible();
    expect(await logo.evaluate((one) => one.naturalWidth)).toBeGreaterThan(0);
    await expect(page.getByText('from eight to six')).toBeVisible();
    await inspect(page, info, 'brand-login', 'Login');

    if (info.project.use.colorScheme !== 'dark') {
      await expect(page.locator('header')).toHaveCSS('background-color',
        'rgb(122, 31, 92)');
      await expect(button(page, 'Login')).toHaveCSS('background-color',
        'rgb(122, 31, 92)');
    }

    await link(page, 'Cymraeg').click();
    await inspect(page, info, 'brand-welsh', cy('Login'));
    await field(page, cy('Email address')).fill('kim@example.org');
    await button(page, cy('Login')).click();
    await errorInWelsh(page, 'email');

    // a colour of the brand is no reason for text that cannot be read
    await page.goto(`${origin()}/mfa/register`);
    await inspect(page, info, 'brand-register', cy('Register'));
  } finally {
    rmSync(dir, { recursive: true });
  }
});

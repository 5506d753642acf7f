// What the specs about staff share: who is there, their letters, the way into
// their pages.

import { expect } from '@playwright/test';
import { appCode, button, CODE_LABEL, field, heading, letters, logIn, origin,
  waitFor } from './tools.mjs';

export const LINK = 'Reset Multi-Factor Authentication';

// of the roster
export function person(name, more = {}) {
  return { email: `${name}@example.org`, user: name,
    first_name: name[0].toUpperCase() + name.slice(1), surname: 'Example',
    groups: '', other_email: `${name}.home@example.org`, manager: '',
    department: 'Archive', ...more };
}

// a server with these people, registered in this order; its people by name
export async function organisation(server, roster, registered) {
  const s = await server({
    people: roster,
    realm: { device_reset: 'approval', approvals: '2 group=managers',
      helpdesk_group: 'helpdesk', admin_group: 'admins' },
    register: registered.map((one) => (typeof one === 'string'
      ? { email: `${one}@example.org` } : one)),
  });

  // the codes of their registrations are used up
  await s.advance('61s');

  return Object.assign(s, Object.fromEntries(s.people.map(
    (me) => [me.email.split('@')[0], me])));
}

// the whole way is made in all three projects, the rest in two that between
// them have both widths
export const notIn = (test, info, project) => test.skip(
  info.project.name === project, 'two projects are enough');

export const hasLoggedIn = (page) => expect(page)
  .toHaveURL(`${origin()}/ess/`);

export async function typeCode(page, me) {
  await field(page, CODE_LABEL).fill(await appCode(me.secret));
  await button(page, 'Continue').click();
}

// password and code, to the application
export async function enter(page, me) {
  await logIn(page, me.email, me);
  await typeCode(page, me);
  await hasLoggedIn(page);
}

// what came to somebody, as text, newest first
export function lettersTo(to) {
  return letters(to).reverse().map((one) => one.raw.replace(/=\r?\n/g, '')
    .replace(/=([0-9A-F]{2})/g,
      (all, hex) => String.fromCharCode(parseInt(hex, 16)))
    .split(/^Content-Type: text\/html/mi)[0]);
}

// waits for one that says this; the newest
export const letter = (to, pattern) => waitFor(`${pattern} to ${to}`,
  () => lettersTo(to).find((text) => pattern.test(text)));

// from the password to the request that was sent; the two words
export async function askForReset(page, me) {
  await logIn(page, me.email, me);
  await page.getByRole('link', { name: LINK, exact: true }).click();
  await button(page, 'Submit reset request').click();
  await expect(page.getByText('Your two words')).toBeVisible();
  return page.locator('dt:has-text("Your two words") + dd').innerText();
}

// the rows of a list that speak of somebody
export const rowOf = (page, email) => page.getByRole('listitem').filter({
  has: page.getByText(email, { exact: true }) });

// Reset requests, as staff read and decide them
export async function openRequests(page) {
  await page.goto(`${origin()}/mfa/requests`);
  await heading(page, 'Reset requests');
}

export const STATEMENT = "I have verified this person's identity by …";

export async function decide(page, email, verb, reason) {
  const row = rowOf(page, email);

  await row.getByRole('textbox').fill(reason);
  await row.getByRole('button', { name: new RegExp(`^${verb}`) }).click();
  await heading(page, 'Reset requests');
}

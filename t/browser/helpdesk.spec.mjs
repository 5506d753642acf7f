// The helpdesk at work: issue "Forgotten passwords, lost phones, and the
// helpdesk", "What it must show", 1, for the pages of staff and of managers.
// Each test has a server and a time of its own.

import { expect } from '@playwright/test';
import { appCode, backAndForth, button, CODE_LABEL, field, heading, inspect,
  link, logIn, origin, secretFromScreen, test, visitor }
  from './tools.mjs';
import { enter, hasLoggedIn, letter, notIn, organisation, person, rowOf,
  typeCode } from './staff.mjs';

const roster = [
  person('eve'), person('una'), person('ada', { groups: 'admins' }),
  person('hal', { groups: 'helpdesk' }), person('ivy', { groups: 'helpdesk',
    manager: 'mia@example.org' }),
  person('mia'), person('pia', { manager: 'mia@example.org' }),
  ...Array.from({ length: 27 }, (none, i) => person(`crew${i + 1}`, {
    first_name: `Number ${i + 1}`, surname: 'Crew', department: 'Harbour' })),
];

async function search(page, text) {
  await page.goto(`${origin()}/mfa/people`);
  await field(page, 'Name, address or attribute').fill(text);
  await button(page, 'Search').click();
  await heading(page, 'People');
}

async function openPerson(page, email) {
  await search(page, email);
  await rowOf(page, email).getByRole('link').click();
}

// the box of a deed: open, with its form
async function box(page, name) {
  const found = page.locator('details').filter({
    has: page.locator('summary').getByText(name, { exact: true }) });

  if (await found.getAttribute('open') === null) {
    await found.locator('summary').click();
  }

  return found;
}

// a deed with its reason, and what the page says of it
async function act(page, name, reason, said, newAddress) {
  const at = await box(page, name);

  if (newAddress !== undefined) {
    await at.getByLabel('New email address').fill(newAddress);
  }

  await at.getByLabel('Reason').fill(reason);
  await at.getByRole('button').click();
  await expect(page.getByText(said).first()).toBeVisible();
}

const blocks = (page) => page.locator('section[aria-labelledby="blocks"]');

test('M3: found among many, page by page', async (
  { page, server }, info) => {
  notIn(test, info, 'desktop-nojs');

  const { hal } = await organisation(server, roster, ['hal']);

  await enter(page, hal);
  await page.goto(`${origin()}/mfa/`);
  await link(page, 'People').click();
  await inspect(page, info, 'people', 'People');
  await field(page, 'Name, address or attribute').fill('number harbour');
  await button(page, 'Search').click();
  await expect(page.getByRole('heading', { level: 3 })).toHaveCount(20);
  await inspect(page, info, 'people-found', 'People');

  const names = await page.getByRole('heading', { level: 3 })
    .allInnerTexts();

  expect(names).toEqual([...names].sort());
  await link(page, 'Next').click();
  await expect(page.getByRole('heading', { level: 3 })).toHaveCount(7);
  await expect(field(page, 'Name, address or attribute'))
    .toHaveValue('number harbour');
  await inspect(page, info, 'people-last', 'People');
  await backAndForth(page);
  await link(page, 'First page').click();
  await expect(page.getByRole('heading', { level: 3 })).toHaveCount(20);
  await search(page, 'nobody of this name');
  await inspect(page, info, 'people-none', 'People');

  // A3, C9: nothing to do for oneself, nor above one's rank
  for (const [one, said] of [['hal', 'This is you.'],
    ['ada', 'This person has a higher rank than you.']]) {
    await openPerson(page, `${one}@example.org`);
    await expect(page.getByText(said)).toBeVisible();
    await expect(page.getByRole('button')).toHaveCount(0);
    await inspect(page, info, `person-${one}`);
  }
});

test('M3, C9, D13: a person in plain words, every action with a reason', async (
  { page, browser, server }, info) => {
  test.slow();

  const s = await organisation(server, roster, ['hal', 'eve']);
  const { hal, eve } = s;
  const home = await visitor(browser, info);

  // what blocks her now
  await logIn(home, eve.email, eve);

  for (let i = 0; i < 5; i++) {
    await field(home, CODE_LABEL).fill('000000');
    await button(home, 'Continue').click();
  }

  await enter(page, hal);
  await openPerson(page, eve.email);
  await expect(blocks(page)).toContainText(
    /Authenticator app: locked until \d\d:\d\d after 5 wrong codes\./);
  await inspect(page, info, 'person-held', 'Eve Example');

  // no reason, no deed; what was typed stays
  await (await box(page, 'Unlock')).getByRole('button').click();
  await inspect(page, info, 'person-no-reason', 'Eve Example');
  await expect(page).toHaveTitle(/^Error: /);
  await page.locator('.summary a').click();
  await expect(page.locator('details[open]').getByLabel('Reason'))
    .toBeFocused();
  await act(page, 'Unlock', 'called back on 01632 960001',
    'The person is unlocked.');
  await expect(blocks(page)).toContainText('Nothing.');
  await letter(eve.email, /unlocked your account/);
  await enter(home, eve);

  await page.reload();
  await expect(page.locator('section[aria-labelledby="sessions"]'))
    .toContainText('Chrome on Linux');
  await inspect(page, info, 'person', 'Eve Example');
  await act(page, 'End all sessions', 'left a browser open',
    'All sessions have ended');
  await home.goto(`${origin()}/ess/`);
  await heading(home, 'Login');

  // addresses: the new one is none, then another person's, then right
  await act(page, 'Add an email address', 'told by her manager',
    'Enter an email address like', 'nonsense');
  await inspect(page, info, 'person-address-error', 'Eve Example');
  await expect(page.locator('details[open]').getByLabel('New email address'))
    .toHaveValue('nonsense');
  await act(page, 'Add an email address', 'told by her manager',
    "This address is on another person's record.", 'una@example.org');
  await act(page, 'Add an email address', 'told by her manager',
    'The address was added.', 'eve.new@example.org');
  await letter('eve.new@example.org', /was added to your account/);
  await act(page, 'Correct: eve.home@example.org', 'a typing mistake',
    'The address was corrected.', 'eve.house@example.org');

  for (const to of ['eve.home@example.org', 'eve.house@example.org']) {
    await letter(to, /eve\.home@example\.org was replaced by/);
  }

  await act(page, 'Start a password reset', 'has forgotten it',
    'The mail about the password reset is on its way.');
  await letter(eve.email, /password/);

  // away from home without anything
  await act(page, 'Disable', 'has left us', 'The person is disabled.');
  await inspect(page, info, 'person-disabled', 'Eve Example');
  await logIn(home, eve.email, eve);
  await expect(home.getByText('Invalid login.').first()).toBeVisible();
  await act(page, 'Enable', 'has come back', 'The person is enabled.');
  await act(page, 'Remove: Authenticator app', 'the phone was stolen',
    'The method was removed.');
  await expect(blocks(page)).toContainText('No way to verify is set up.');
  await inspect(page, info, 'person-no-method', 'Eve Example');

  // who has never registered
  await openPerson(page, 'una@example.org');
  await expect(blocks(page)).toContainText('Never registered.');
  await inspect(page, info, 'person-unregistered', 'Una Example');
  await act(page, 'Send the invitation', 'starts on Monday',
    'The invitation is on its way.');
  await letter('una@example.org', /[Rr]egister/);
  await home.context().close();
});

test('M3, D13: a fresh factor first; a pass, read out and used', async (
  { page, browser, server }, info) => {
  notIn(test, info, 'dark');

  const s = await organisation(server, roster, ['ivy', 'eve']);
  const { ivy, eve } = s;
  const home = await visitor(browser, info);

  // a remembered browser has proved nothing a short while ago
  await logIn(page, ivy.email, ivy);
  await page.getByLabel('Remember this device').check();
  await typeCode(page, ivy);
  await hasLoggedIn(page);
  await openPerson(page, eve.email);

  const url = page.url();

  await logIn(page, ivy.email, ivy);
  await hasLoggedIn(page);
  await page.goto(url);
  await inspect(page, info, 'staff-verify', 'Verify to go on');
  await expect(page.getByText(eve.email)).toHaveCount(0);
  await button(page, 'Verify').click();
  await inspect(page, info, 'staff-verify-code', 'Verify');
  await typeCode(page, ivy);
  await heading(page, 'Eve Example');

  // a form that was left open: kept, not done
  await (await box(page, 'Make a helpdesk pass')).getByLabel('Reason')
    .fill('knows her staff number');
  await s.advance('11m');
  await button(page, 'Make a helpdesk pass').click();
  await heading(page, 'Verify');
  await typeCode(page, ivy);
  await inspect(page, info, 'person-kept', 'Eve Example');
  await expect(page.locator('.summary')).toContainText('nothing has been done');
  await expect(page.locator('.key')).toHaveCount(0);
  await expect(page.locator('details[open]').getByLabel('Reason'))
    .toHaveValue('knows her staff number');
  await button(page, 'Make a helpdesk pass').click();
  await inspect(page, info, 'person-pass', 'Eve Example');

  const pass = await page.locator('.key').innerText();

  expect(pass.replace(/\s/g, '')).toMatch(/^[0-9A-Z]{10}$/);
  await page.reload();
  await expect(page.locator('.key')).toHaveCount(0);
  await letter(eve.email, /made a helpdesk pass for you/);

  // she hears it, in her own browser, in small letters
  await logIn(home, eve.email, eve);
  await home.getByText('I was given a helpdesk pass').click();
  await field(home, 'Helpdesk pass').fill('AAAAAAAAAA');
  await button(home, 'Use pass').click();
  await inspect(home, info, 'pass-error', 'Verify');
  await field(home, 'Helpdesk pass').fill(pass.toLowerCase());
  await inspect(home, info, 'pass-typed', 'Verify');
  await button(home, 'Use pass').click();
  await heading(home, 'Secure your account');

  // left here: the pass is used up, the old device is not
  const other = await visitor(browser, info);

  await enter(other, eve);
  await logIn(other, eve.email, eve);
  await expect(other.getByText('I was given a helpdesk pass')).toHaveCount(0);
  await other.context().close();

  await link(home, 'Authenticator app').click();

  const fresh = await secretFromScreen(home);

  await field(home, CODE_LABEL).fill(await appCode(fresh.secret));
  await button(home, 'Continue').click();
  await inspect(home, info, 'pass-done', 'Reset device');
  await enter(home, { ...eve, secret: fresh.secret });
  await home.context().close();
});

test('A5: a manager corrects and adds, and sees nothing else', async (
  { page, server }, info) => {
  notIn(test, info, 'desktop-nojs');

  const { mia } = await organisation(server, roster, ['mia']);

  await enter(page, mia);
  await page.goto(`${origin()}/mfa/`);
  await expect(link(page, 'People')).toHaveCount(0);
  await expect(link(page, 'Reset requests')).toHaveCount(0);
  await link(page, 'People who report to you').click();
  await inspect(page, info, 'team', 'People who report to you');
  await expect(page.getByRole('heading', { level: 2 })).toHaveText([
    'Pia Example', 'Help']);
  await expect(page.locator('summary')).toHaveText(['Correct', 'Correct',
    'Add']);
  await expect(page.getByText(/Archive|Ivy|active|registered|Sessions/))
    .toHaveCount(0);

  const forms = page.locator('details');

  await forms.nth(1).locator('summary').click();
  await forms.nth(1).getByLabel('New email address').fill('nonsense');
  await forms.nth(1).getByRole('button').click();
  await inspect(page, info, 'team-error', 'People who report to you');
  await expect(page).toHaveTitle(/^Error: /);
  await forms.nth(1).getByLabel('New email address')
    .fill('pia.house@example.org');
  await forms.nth(1).getByLabel('Reason').fill('she has moved');
  await forms.nth(1).getByRole('button').click();
  await expect(page.getByText('The address was corrected.')).toBeVisible();
  await inspect(page, info, 'team-corrected', 'People who report to you');

  for (const to of ['pia.home@example.org', 'pia.house@example.org']) {
    await letter(to, /pia\.home@example\.org was replaced by/);
  }

  await forms.nth(2).locator('summary').click();
  await forms.nth(2).getByLabel('New email address')
    .fill('pia.second@example.org');
  await forms.nth(2).getByLabel('Reason').fill('her second mailbox');
  await forms.nth(2).getByRole('button').click();
  await expect(page.getByText('The address was added.')).toBeVisible();
  await expect(page.getByText('pia.second@example.org').first())
    .toBeVisible();

  for (const where of ['people', 'requests']) {
    const reply = await page.goto(`${origin()}/mfa/${where}`);

    expect(reply.status()).toBe(404);
  }
});

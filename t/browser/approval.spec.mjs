// A lost phone and the staff who help: issue "Forgotten passwords, lost
// phones, and the helpdesk", "What it must show", 1, for section 6 of
// product.md. Each test has a server and a time of its own.

import { expect } from '@playwright/test';
import { appCode, backAndForth, button, CODE_LABEL, enterCode, field, heading,
  inspect, link, logIn, mailedCode, number, origin, secretFromScreen, test,
  textedCode, visitor } from './tools.mjs';
import { askForReset, decide, enter, hasLoggedIn, letter, lettersTo, LINK,
  notIn, openRequests, organisation, person, rowOf, STATEMENT, typeCode }
  from './staff.mjs';

const TITLE = 'Multi-Factor Authentication Reset';
const APPROVED = /set up a new way to verify is approved/;

const roster = [
  person('ann'), person('vic'), person('max', { groups: 'managers' }),
  person('sam', { groups: 'helpdesk' }), person('tom', { groups: 'helpdesk' }),
];

const words = (page) => page.locator('dt:has-text("Your two words") + dd');

test('A1-A4: asked for, approved with a statement, set up anew', async (
  { page, browser, server }, info) => {
  const s = await organisation(server, roster, ['ann', 'sam']);
  const { ann, sam } = s;
  const staff = await visitor(browser, info);

  // A1
  await logIn(page, ann.email, ann);
  await inspect(page, info, 'approval-verify', 'Verify');
  await link(page, LINK).click();
  await inspect(page, info, 'approval-ask', TITLE);
  await expect(page.getByText('Until then your current way to verify stays '
    + 'valid.')).toBeVisible();
  await backAndForth(page);
  await button(page, 'Submit reset request').click();
  await inspect(page, info, 'approval-sent', TITLE);
  await backAndForth(page);

  const phrase = await words(page).innerText();

  expect(phrase).toMatch(/^[a-z]+ [a-z]+$/);
  await page.reload();
  await expect(words(page)).toHaveText(phrase);

  // A2: all staff hear of it, the person too, who is told no words
  for (const one of ['sam', 'tom']) {
    const text = await letter(`${one}@example.org`, /asks to set up/);

    expect(text).toContain(phrase);
    expect(text).toContain('ann@example.org');
    expect(text).toContain(`${origin()}/mfa/requests`);
  }

  for (const one of ['ann', 'ann.home']) {
    expect(await letter(`${one}@example.org`, /\/mfa\/reset-request\/cancel/))
      .not.toContain(phrase);
  }

  // the other side of the same request
  await enter(staff, sam);
  await staff.goto(`${origin()}/mfa/`);
  await expect(staff.getByText('1 waiting')).toBeVisible();
  await inspect(staff, info, 'staff-home', 'Your applications');
  await link(staff, 'Reset requests').click();
  await inspect(staff, info, 'requests', 'Reset requests');

  const row = rowOf(staff, ann.email);

  await expect(row.getByText(phrase)).toBeVisible();
  await expect(row.getByText('127.0.0.1')).toBeVisible();

  // A3: the box must be filled, by who says it and by nobody else
  await row.getByRole('button', { name: /^Approve/ }).click();
  await inspect(staff, info, 'requests-error', 'Reset requests');
  await expect(staff).toHaveTitle(/^Error: /);
  await staff.locator('.summary a').first().click();
  await expect(row.getByLabel(STATEMENT)).toBeFocused();
  await page.goto(`${origin()}/ess/`);
  await heading(page, 'Login');

  await decide(staff, ann.email, 'Approve', 'called back on 01632 960001');
  await inspect(staff, info, 'requests-approved', 'Reset requests');
  await expect(staff.getByText('The request is approved.')).toBeVisible();
  await expect(row.getByText('called back on 01632 960001')).toBeVisible();

  // A4
  expect(await letter(ann.email, APPROVED)).toContain('Delete the old');
  await logIn(page, ann.email, ann);
  await inspect(page, info, 'approval-granted', 'Verify');
  await button(page, 'Reset device').click();
  await inspect(page, info, 'approval-code', 'Reset device');
  await backAndForth(page);
  await enterCode(page, '000000');
  await inspect(page, info, 'approval-code-error', 'Reset device');
  await enterCode(page, await mailedCode(ann.email));
  await inspect(page, info, 'approval-verified', 'Reset device');
  await button(page, 'Continue').click();
  await inspect(page, info, 'approval-choose', 'Secure your account');
  await link(page, 'Authenticator app').click();

  const fresh = await secretFromScreen(page);

  await inspect(page, info, 'approval-secure', 'Secure your account');
  expect(fresh.secret).not.toBe(ann.secret);
  await field(page, CODE_LABEL).fill(await appCode(fresh.secret));
  await button(page, 'Continue').click();
  await inspect(page, info, 'approval-done', 'Reset device');

  // the old one is told apart, the new one counts
  await link(page, 'Continue').click();
  await logIn(page, ann.email, ann);
  await expect(link(page, LINK)).toBeVisible();
  await typeCode(page, ann);
  await inspect(page, info, 'approval-old-code', 'Verify');
  await expect(page).toHaveTitle(/^Error: /);
  await typeCode(page, fresh);
  await hasLoggedIn(page);

  // once only
  await openRequests(staff);
  await expect(row.getByText('used', { exact: true })).toBeVisible();
  await inspect(staff, info, 'requests-used', 'Reset requests');
  await staff.context().close();
});

test('A3: four eyes, ranks, refused', async (
  { page, browser, server }, info) => {
  notIn(test, info, 'desktop-nojs');

  const s = await organisation(server, roster, ['max', 'sam', 'tom']);
  const { max, sam, tom } = s;
  const [one, two] = [await visitor(browser, info),
    await visitor(browser, info)];

  const phrase = await askForReset(page, max);

  await askForReset(two, tom);
  await enter(one, sam);
  await enter(two, tom);

  // nobody decides on their own request
  await openRequests(two);
  await expect(rowOf(two, tom.email).getByText('This is your own request.'))
    .toBeVisible();
  await expect(rowOf(two, tom.email).getByRole('button')).toHaveCount(0);
  await inspect(two, info, 'requests-own', 'Reset requests');

  // a refusal needs its reason as well
  await openRequests(one);
  await decide(one, tom.email, 'Refuse', '');
  await expect(one).toHaveTitle(/^Error: /);
  await decide(one, tom.email, 'Refuse', 'he knows nothing of it');
  await expect(one.getByText('The request is refused.')).toBeVisible();
  await expect(rowOf(one, tom.email).getByText('refused', { exact: true }))
    .toBeVisible();
  await letter(tom.email, /is refused/);

  // the first of two
  await expect(rowOf(one, max.email).getByText('Two members of staff'))
    .toBeVisible();
  await decide(one, max.email, 'Approve', 'saw his badge');
  await inspect(one, info, 'requests-first', 'Reset requests');
  await expect(one.getByText('Your approval is kept.')).toBeVisible();
  await expect(rowOf(one, max.email).getByRole('button', {
    name: /^Approve/ })).toHaveCount(0);
  await logIn(page, max.email, max);
  await expect(button(page, 'Reset device')).toHaveCount(0);
  await link(page, 'Reset pending').click();
  await expect(words(page)).toHaveText(phrase);
  expect(lettersTo(max.email).some((text) => APPROVED.test(text)))
    .toBe(false);

  // the second, with a statement of their own
  await openRequests(two);
  await inspect(two, info, 'requests-second', 'Reset requests');
  await expect(rowOf(two, max.email).getByText('saw his badge'))
    .toBeVisible();
  await expect(rowOf(two, max.email).getByLabel(STATEMENT)).toHaveValue('');
  await decide(two, max.email, 'Approve', 'his manager is beside me');
  await expect(two.getByText('The request is approved.')).toBeVisible();
  await letter(max.email, APPROVED);
  await page.goto(page.url());
  await inspect(page, info, 'approval-sent-granted', TITLE);
  await link(page, 'Continue').click();
  await expect(button(page, 'Reset device')).toBeVisible();
  await one.context().close();
  await two.context().close();
});

test('A1, A2, A4: cancelled by the mailed link; left at each step', async (
  { page, browser, server }, info) => {
  notIn(test, info, 'dark');
  test.slow();

  const s = await organisation(server, roster, ['sam', {
    email: 'vic@example.org', method: 'Text message',
    number: number(info, 30) }]);
  const { vic, sam } = s;
  const staff = await visitor(browser, info);

  // the old device logs in, and nothing else does
  const oldDeviceWorks = async (further) => {
    const other = await visitor(browser, info);

    await logIn(other, vic.email, vic);
    await heading(other, 'Verify');
    await expect(link(other, 'Try another way')).toHaveCount(0);
    await expect(field(other, CODE_LABEL)).toHaveCount(0);
    await button(other, 'Send code').click();
    await enterCode(other, await textedCode(number(info, 30)));
    await hasLoggedIn(other);
    await further?.(other);
    await other.context().close();
  };

  await askForReset(page, vic);
  await oldDeviceWorks();

  // A2: following the link changes nothing, pressing does
  const text = await letter('vic.home@example.org', /reset-request\/cancel/);
  const [stop] = text.match(/https?:\S+reset-request\/cancel\S+/);
  const other = await visitor(browser, info);

  await other.goto(stop);
  await other.goto(stop);
  await inspect(other, info, 'approval-cancel', 'Cancel reset request');
  await enter(staff, sam);
  await openRequests(staff);
  await expect(rowOf(staff, vic.email).getByRole('button', {
    name: /^Approve/ })).toBeVisible();
  await button(other, 'Cancel request').click();
  await inspect(other, info, 'approval-cancelled', 'Cancel reset request');
  await expect(other.getByText('The reset request was cancelled.'))
    .toBeVisible();
  await decide(staff, vic.email, 'Approve', 'a moment too late');
  await expect(staff.getByText('This request is no longer open.'))
    .toBeVisible();
  await expect(rowOf(staff, vic.email).getByText('cancelled by the person'))
    .toBeVisible();
  await inspect(staff, info, 'requests-cancelled', 'Reset requests');
  await other.goto(stop);
  await inspect(other, info, 'approval-cancel-stale', 'Cancel reset request');
  await other.context().close();
  await page.reload();
  await expect(page.getByText('Your two words')).toHaveCount(0);
  await oldDeviceWorks();

  // A1: from the settings, with the phone that was found again
  const again = await askForReset(page, vic);

  await oldDeviceWorks(async (found) => {
    await found.goto(`${origin()}/mfa/security`);
    await expect(found.getByText(again)).toBeVisible();
    await inspect(found, info, 'security-pending', 'Security settings');
    await button(found, 'Cancel request').click();
    await heading(found, 'Security settings');
    await expect(found.getByText(again)).toHaveCount(0);
  });

  // asked for again, approved, and left at every step
  await askForReset(page, vic);
  await openRequests(staff);
  await decide(staff, vic.email, 'Approve', 'called back on 01632 960002');
  await staff.context().close();
  await oldDeviceWorks();

  await logIn(page, vic.email, vic);
  await button(page, 'Reset device').click();
  await heading(page, 'Reset device');
  await oldDeviceWorks();

  await enterCode(page, await mailedCode(vic.email));
  await expect(page.getByText('Email address verified.')).toBeVisible();
  await oldDeviceWorks();

  await button(page, 'Continue').click();
  await link(page, 'Authenticator app').click();

  const fresh = await secretFromScreen(page);

  await oldDeviceWorks();

  // in another browser, from the start: another secret
  const last = await visitor(browser, info);

  await logIn(last, vic.email, vic);
  await button(last, 'Reset device').click();
  await enterCode(last, await mailedCode(vic.email));
  await button(last, 'Continue').click();
  await link(last, 'Authenticator app').click();

  const newest = await secretFromScreen(last);

  expect(newest.secret).not.toBe(fresh.secret);
  await typeCode(last, newest);
  await heading(last, 'Reset device');

  // the journey that was left does not come to life again
  await typeCode(page, fresh);
  await expect(page.getByText('Thank you')).toHaveCount(0);
  await inspect(page, info, 'approval-left');
  await logIn(last, vic.email, vic);
  await expect(button(last, 'Reset device')).toHaveCount(0);
  await typeCode(last, fresh);
  await expect(last).toHaveTitle(/^Error: /);
  await typeCode(last, newest);
  await hasLoggedIn(last);
  await last.context().close();
});

// A form that comes after the end of a session: typed once, kept, sent by its
// owner. L9.

import { expect } from '@playwright/test';
import { address, appCode, button, CODE_LABEL, field, heading, inspect, link,
  logIn, origin, PASSWORD, test, words } from './tools.mjs';

const enter = async (page, code) => {
  await field(page, CODE_LABEL).fill(code);
  await button(page, 'Continue').click();
};

const again = async (page, email, secret) => {
  await heading(page, 'Login');
  await field(page, 'Email address').fill(email);
  await field(page, 'Password').fill(PASSWORD);
  await button(page, 'Login').click();
  await enter(page, await appCode(secret));
};

const note = async (page, text) => {
  await field(page, 'Note for this session').fill(text);
  await button(page, 'Keep note').click();
};

test('a form that came too late', async ({ page, server }, info) => {
  const email = address(info, 'ann');
  const { people: [me], advance } = await server(
    { people: [{ email, user: 'ann', first_name: 'Ann', surname: 'Example' }],
      register: [{ email, password: PASSWORD }] });

  await logIn(page, email);
  await enter(page, await appCode(me.secret));
  await expect(page).toHaveURL(`${origin()}/ess/`);

  // an hour later
  const tab = await page.context().newPage();

  await tab.goto(`${origin()}/ess/`);
  await advance('61m');
  await note(page, 'my first note');
  await note(tab, 'my second note');
  await heading(tab, 'Login');
  await again(page, email, me.secret);

  await inspect(page, info, 'held-kept', 'The form you sent was kept');
  expect(await words(page)).toMatch(/The form you sent at \d\d:\d\d was kept/);
  await expect(page.getByText('Employee Self Service', { exact: true }))
    .toBeVisible();
  await expect(page.getByText(`${origin()}/ess/note`, { exact: true }))
    .toBeVisible();
  expect(await page.content()).not.toContain('my first note');

  await button(page, 'Send it now').click();
  await expect(page).toHaveURL(`${origin()}/ess/`);
  await expect(page.locator('#note')).toHaveText('my first note');

  // Back: it is not sent twice
  await page.goBack();
  await inspect(page, info, 'held-sent', 'This form was sent');
  await expect(button(page, 'Send it now')).toHaveCount(0);
  await link(page, 'Continue').click();
  await expect(page).toHaveURL(`${origin()}/ess/`);

  // the other tab has its own, and gives it up
  await tab.reload();
  await heading(tab, 'The form you sent was kept');
  await button(tab, 'Discard').click();
  await expect(tab).toHaveURL(`${origin()}/ess/`);
  await expect(tab.locator('#note')).toHaveText('my first note');
  await tab.goBack();
  await heading(tab, 'Your applications');
});

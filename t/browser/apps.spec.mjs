// Applications as Debian packages them, used behind the gate as they are
// (issue "Life with legacy applications", What it must show, 1; U1, U4, L9,
// L12). They start in seconds, so each is met in the projects that its own
// pages allow.

import { expect } from '@playwright/test';
import { address, appCode, button, CODE_LABEL, field, heading, link, logIn,
  origin, PASSWORD, test } from './tools.mjs';

const enter = async (page, secret) => {
  await field(page, CODE_LABEL).fill(await appCode(secret));
  await button(page, 'Continue').click();
};

async function start(page, server, info, to, realm = {}) {
  const email = address(info, 'ann');
  const is = await server({ realm, apps: true,
    people: [{ email, user: 'ann', first_name: 'Ann', surname: 'Example' },
      { email: address(info, 'ben'), user: 'ben', first_name: 'Ben',
        surname: 'Example' }],
    register: [{ email, password: PASSWORD }] });

  await logIn(page, email, { to });
  await enter(page, is.people[0].secret);
  await expect(page).toHaveURL(`${origin()}${to}`);

  // its scripts as well
  await page.waitForLoadState();
  return { ...is, email, secret: is.people[0].secret };
}

const only = (info, ...names) => test.skip(
  !names.includes(info.project.name), 'its own pages need more, or less');

test('U1: a calendar server believes who the gate says it is', async ({ page,
  server }, info) => {
  only(info, 'dark');
  await start(page, server, info, '/cal/.web/');

  // its page asks for a name; whatever is typed, the gate's name counts
  await page.locator('#loginscene input[data-name=user]').fill('ann');
  await page.locator('#loginscene input[data-name=password]').fill('any');
  await page.locator('#loginscene button[type=submit]').click();
  await page.locator('#collectionsscene [data-name=new]').first().click();
  await page.locator('#createcollectionscene [data-name=displayname]')
    .fill('Shifts');
  await page.locator('#createcollectionscene [data-name=submit]').click();
  await expect(page.locator('#collectionsscene').getByText('Shifts'))
    .toBeVisible();

  // somebody else's calendars stay closed, header or not
  const status = (path, headers = {}) => page.evaluate(([to, more]) =>
    fetch(to, { method: 'PROPFIND', headers: more }).then((r) => r.status),
  [path, headers]);

  expect(await status('/cal/ann/')).toBe(207);
  expect(await status('/cal/ben/')).toBe(403);
  expect(await status('/cal/ben/', { 'X-Remote-User': 'ben',
    Authorization: `Basic ${btoa('ben:any')}` })).toBe(403);
});

test('U4: a file server that knows HTTP Basic never asks', async ({ page,
  server }, info) => {
  await start(page, server, info, '/files/');
  await expect(page.getByText('payslip.txt')).toBeVisible();
  await page.getByRole('link', { name: 'payslip.txt' }).click();
  await expect(page.getByText('Payslip of March')).toBeVisible();
});

test('L12: a screen by WebSocket goes dark with the logout', async ({ page,
  server }, info) => {
  only(info, 'dark', 'phone-320');

  const to = '/screen/vnc_lite.html?path=screen/websockify';

  await start(page, server, info, to);
  await expect(page.locator('#status')).toContainText('Connected', {
    timeout: 60_000 });

  const tab = await page.context().newPage();

  await tab.goto(`${origin()}/mfa/logout`);
  await button(tab, 'Log out').click();
  await heading(tab, 'You have logged out');

  // how soon: t/http/tunnels.t
  await expect(page.locator('#status')).toContainText(
    /closed|disconnected|wrong/i);

  // and none without a session
  await page.goto(`${origin()}/open/`);
  expect(await page.evaluate(() => new Promise((done) => {
    const socket = new WebSocket(`ws://${location.host}/screen/websockify`);

    socket.onopen = () => done('open');
    socket.onerror = () => done('refused');
  }))).toBe('refused');
});

const edit = async (page, text) => {
  await page.goto(`${origin()}/wiki/doku.php?id=start&do=edit`);
  await page.locator('textarea[name=wikitext]').fill(text);
};

const revisions = async (page) => {
  await page.goto(`${origin()}/wiki/doku.php?id=start&do=revisions`);
  return page.locator('#page__revisions li').count();
};

test('a wiki: pages are written, files are uploaded', async ({ page, server },
  info) => {
  await start(page, server, info, '/wiki/doku.php?id=start');
  await edit(page, '====== Rota ======\n\nEarly shift: Ann.');
  await page.locator('button[name="do[save]"]').click();
  await expect(page.getByRole('heading', { name: 'Rota' })).toBeVisible();

  // bytes that no text has, more than the gate would keep of a form
  const bytes = Buffer.alloc(300_000, Buffer.from([0, 13, 10, 255, 45, 45]));

  await page.goto(`${origin()}/wiki/lib/exe/mediamanager.php?ns=`);
  await page.locator('input[type=file]').first().setInputFiles(
    { name: 'rota.zip', mimeType: 'application/zip', buffer: bytes });
  await button(page, 'Upload').first().click();
  await expect(page.getByText('rota.zip').first()).toBeVisible();

  const got = await page.request.get(
    `${origin()}/wiki/lib/exe/fetch.php?media=rota.zip`);

  expect(Buffer.compare(await got.body(), bytes)).toBe(0);
});

test('L9: a page written for an hour is saved once, after the login', async ({
  page, server }, info) => {
  const { email, secret, advance } = await start(page, server, info,
    '/wiki/doku.php?id=start');

  await edit(page, '====== Handover ======\n\nÅ — “kept”, '
    + 'line by line\n\n  * one\n  * two & three=4');
  await advance('61m');
  await page.locator('button[name="do[save]"]').click();
  await heading(page, 'Login');
  await field(page, 'Email address').fill(email);
  await field(page, 'Password').fill(PASSWORD);
  await button(page, 'Login').click();
  await enter(page, secret);
  await expect(page.getByText(/The form you sent at \d\d:\d\d was kept/))
    .toBeVisible();
  await button(page, 'Send it now').click();
  await expect(page.getByRole('heading', { name: 'Handover' }))
    .toBeVisible();
  await expect(page.getByText('Å — “kept”')).toBeVisible();
  expect(await revisions(page)).toBe(1);

  // Back and Refresh send nothing again
  await page.goBack();
  await page.reload();
  expect(await revisions(page)).toBe(1);
  await expect(link(page, 'Login')).toHaveCount(0);
});

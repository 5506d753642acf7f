// An application with a session of its own, behind the gate: its logout ends
// everything, nothing of it is left, the next person finds nothing (L10).

import { expect } from '@playwright/test';
import { address, appCode, button, field, heading, inspect, link, origin,
  picture, test } from './tools.mjs';

const person = (info, who, groups) => ({ email: address(info, who),
  user: who, first_name: who, surname: 'Example', groups,
  other_email: '', manager: '' });

const REALM = {
  logout_url: ['/ess/logout forward', '/mss/logout'],
  application_cookies: ['ESS_SESSION path=/ess/', 'MSS_SESSION path=/mss/'],
  legacy_url: ['/old/ /ess/'],
  remember_device: '30d',
};

const CODE = 'Please enter verification code using your authentication app';

// all the way in; a new browser or one that somebody left
async function enter(page, me, to = '/ess/') {
  await page.goto(`${origin()}${to}`);
  await field(page, 'Email address').fill(me.email);
  await field(page, 'Password').fill(me.password);
  await button(page, 'Login').click();
  await field(page, CODE).fill(await appCode(me.secret));
  await button(page, 'Continue').click();
}

const cookies = async (page) => (await page.context().cookies())
  .map((c) => c.name);

async function keepNote(page, text) {
  await field(page, 'Note for this session').fill(text);
  await button(page, 'Keep note').click();
  await expect(page.locator('#note')).toHaveText(text);
}

async function nothingOf(page, text) {
  await expect(page.locator('body')).not.toContainText(text);
}

test('a logout of the application is one of everything',
  async ({ page, server }, info) => {
    const { people: [ann, max], advance } = await server({ realm: REALM,
      people: [person(info, 'ann', 'managers'),
        person(info, 'max', 'managers')],
      register: [{ email: address(info, 'ann') },
        { email: address(info, 'max') }] });
    const script = info.project.use.javaScriptEnabled !== false;

    await enter(page, ann);
    await expect(page).toHaveURL(`${origin()}/ess/`);
    await keepNote(page, 'salary of ann');
    await page.goto(`${origin()}/mss/`);
    await keepNote(page, 'staff of ann');
    expect(await cookies(page)).toEqual(
      expect.arrayContaining(['ESS_SESSION', 'MSS_SESSION']));

    if (script) {
      await page.evaluate(async () => {
        localStorage.setItem('draft', 'salary of ann');
        sessionStorage.setItem('tab', 'salary of ann');
        await caches.open('pages').then((c) => c.put('/ess/x',
          new Response('salary of ann')));
      });
    }

    await page.goto(`${origin()}/ess/`);
    await link(page, 'Log out of ESS').click();
    await inspect(page, info, 'logout-by-application', 'You have logged out');
    await expect(page).toHaveURL(`${origin()}/mfa/logged-out?to=/ess/`);

    // nothing is left in the browser
    expect((await cookies(page)).filter((n) => /SESSION|mfa_session/.test(n)))
      .toEqual([]);

    if (script) {
      expect(await page.evaluate(async () => [localStorage.length,
        sessionStorage.length, (await caches.keys()).length]))
        .toEqual([0, 0, 0]);
    }

    // Back shows nothing personal
    await page.goBack();
    await nothingOf(page, 'salary of ann');
    await nothingOf(page, 'Hello');
    await page.goBack();
    await nothingOf(page, 'staff of ann');

    // Log back in arrives
    await page.goto(`${origin()}/mfa/logged-out?to=/ess/`);
    await link(page, 'Log back in').click();
    await heading(page, 'Login');
    await expect(page.getByText(/Employee Self Service/).first())
      .toBeVisible();
    await field(page, 'Email address').fill(ann.email);
    await field(page, 'Password').fill(ann.password);
    await button(page, 'Login').click();
    await field(page, CODE).fill(await appCode(ann.secret));
    await button(page, 'Continue').click();
    await expect(page).toHaveURL(`${origin()}/ess/`);
    await expect(page.locator('#note')).toHaveText('');
    await keepNote(page, 'second of ann');

    // the session ends by itself; another person comes to this PC, by an old
    // bookmark
    await advance('2h');
    await enter(page, max, '/old/leave?y=2027');
    await expect(page).toHaveURL(`${origin()}/ess/leave?y=2027`);
    await expect(page.locator('#own')).toHaveText('max');
    await nothingOf(page, 'second of ann');
    await picture(page, info, 'logout-second-person');

    // the same one comes back, and goes on
    await keepNote(page, 'note of max');
    await advance('2h');
    await enter(page, max);
    await expect(page.locator('#note')).toHaveText('note of max');

    // a link from elsewhere asks
    await page.goto(`${origin()}/mss/logout`);
    await inspect(page, info, 'logout-asked', 'Log out?');
    await page.goto(`${origin()}/ess/`);
    await expect(page.locator('#note')).toHaveText('note of max');
    await page.goto(`${origin()}/mss/logout`);
    await button(page, 'Log out').click();
    await inspect(page, info, 'logout-by-button', 'You have logged out');
    expect((await cookies(page)).filter((n) => /SESSION|mfa_session/.test(n)))
      .toEqual([]);
    await link(page, 'Log back in').click();
    await heading(page, 'Login');
  });

// What the specs share: letters, texts and calls, the authenticator, the way
// into a journey, checks that every page gets.

import { execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test as base } from '@playwright/test';

const folder = fileURLToPath(new URL('.', import.meta.url));

const screens = `${process.env.MFA_TEST_BUILD
  || `${folder}../../build`}/screens`;

const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa',
  'best-practice'];

const colours = ['color-contrast', 'link-in-text-block'];

const axeSource = readFileSync(
  `${folder}node_modules/axe-core/axe.min.js`, 'utf8');

// for what is sure to come, however slow the machine is
const PATIENCE = 60_000;

export const origin = () => process.env.MFA_ORIGIN;

export const CODE_LABEL
  = 'Please enter verification code using your authentication app';

export const button = (page, name) => page.getByRole('button', { name,
  exact: true });
export const field = (page, name) => page.getByLabel(name, { exact: true });
export const link = (page, name) => page.getByRole('link', { name,
  exact: true });

// a person of this project alone
export function address(info, who) {
  return `${who}.${info.project.name}@example.org`;
}

// asks until there is an answer
export async function waitFor(what, ask) {
  const end = Date.now() + PATIENCE;

  for (;;) {
    const late = Date.now() > end;
    const answer = await ask();

    if (answer) {
      return answer;
    }

    if (late) {
      throw new Error(`in vain: ${what}`);
    }

    await sleep(50);
  }
}

export async function heading(page, name) {
  await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
  await expect(page.getByRole('heading', { level: 1, name, exact: true }))
    .toBeVisible();
}

// an error: said in the title, listed at the top, each line leads somewhere
async function inspectSummary(page) {
  const is = /^Error: /.test(await page.title());
  const links = page.locator('.summary a');

  expect(await page.locator('.summary').count(), 'title and summary agree')
    .toBe(is ? 1 : 0);

  if (!is) {
    return;
  }

  for (const one of await links.all()) {
    const target = await one.getAttribute('href');

    await expect(page.locator(`[id="${target.slice(1)}"]`),
      `the summary's ${target}`).toHaveCount(1);
  }

  expect(await links.count()).toBeGreaterThan(0);
}

// a picture for people to look at, with MFA_SCREENS=1
export async function picture(page, info, name) {
  if (process.env.MFA_SCREENS) {
    await page.screenshot({ fullPage: true,
      path: `${screens}/${info.project.name}/${name}.png` });
  }
}

// What axe finds. AxeBuilder would bring its source twice for each page, and
// make reports of all that is well.
async function violations(page, runOnly) {
  await page.evaluate(axeSource);

  return page.evaluate(async (only) => {
    const result = await window.axe.run(document, { runOnly: only,
      resultTypes: ['violations'] });

    return result.violations.map((v) => `${v.id}: ${v.nodes.map(
      (n) => n.target).join(', ')}`);
  }, runOnly);
}

// every page in every state: one h1, the title, the error summary, no
// sideways scrolling, axe where it can run
export async function inspect(page, info, name, title) {
  await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);

  if (title) {
    await heading(page, title);
    expect(await page.title()).toContain(title);
  }

  // all of it, and its style
  await page.waitForLoadState();
  await inspectSummary(page);
  await picture(page, info, name);

  const wide = await page.evaluate(
    () => document.documentElement.scrollWidth - window.innerWidth);

  expect(wide, 'nothing is wider than the screen').toBeLessThanOrEqual(0);

  if (info.project.use.javaScriptEnabled === false) {
    return;
  }

  // the dark pages are the light ones in other colours
  expect(await violations(page, info.project.use.colorScheme === 'dark'
    ? { type: 'rule', values: colours } : { type: 'tag', values: tags }))
    .toEqual([]);
}

// a message never changes
const known = new Map();

function message(path) {
  if (!known.has(path)) {
    known.set(path, { path, time: statSync(path).mtimeMs,
      raw: readFileSync(path, 'utf8') });
  }

  return known.get(path);
}

// what came to somebody, oldest first; box: MAIL, TEXTS or CALLS
export function letters(to, box = 'MAIL') {
  const dir = `${process.env[`MFA_${box}`]}/new`;
  let files = [];

  try {
    files = readdirSync(dir);
  } catch {
    return [];
  }

  return files
    .map((file) => message(`${dir}/${file}`))
    .filter((m) => new RegExp(`^To:.*${to.replace(/[.+]/g, '\\$&')}`, 'mi')
      .test(m.raw))
    .sort((a, b) => a.time - b.time);
}

const codeIn = {
  // the digits on a line of their own, or the first that stand alone, in a
  // letter's text part
  MAIL: (raw) => {
    const text = raw.replace(/=\r?\n/g, '')
      .split(/^Content-Type: text\/html/mi)[0]
      .replace(/\+?\b\d{4,5} \d{6}\b/g, '');
    const body = text.slice(text.search(/\r?\n\r?\n/));

    return body.match(/^\s*(\d{6,10})\s*$/m)
      || body.match(/(?<![\w.@:=-])(\d{6,10})(?![\w@.=-]*[@=])/);
  },
  // a phone reads the last line: "@host #code"
  TEXTS: (raw) => raw.match(/^@127\.0\.0\.1 #(\d{6})\s*$/m),
  // said digit by digit
  CALLS: (raw) => raw.match(/(?<!\d)((?:\d[ ,.]+){5}\d)(?!\d)/),
};

const taken = new Set();

// the code in the newest message that was not read before
async function sentCode(to, box) {
  const code = await waitFor(`a code for ${to} in ${box}`, () => {
    const fresh = letters(to, box).filter((m) => !taken.has(m.path));
    const found = fresh.map((m) => codeIn[box](m.raw)).filter(Boolean).at(-1);

    if (found) {
      fresh.forEach((m) => taken.add(m.path));
    }

    return found;
  });

  return code[1].replace(/\D/g, '');
}

export const mailedCode = (to) => sentCode(to, 'MAIL');
export const textedCode = (number) => sentCode(e164(number), 'TEXTS');
export const calledCode = (number) => sentCode(e164(number), 'CALLS');

export async function mailCount(to) {
  return letters(to).length;
}

export const moreMail = (to, told = 0) => waitFor(
  `more than ${told} letters to ${to}`, () => letters(to).length > told);

// A number of this project alone, in the range kept for drama, as people
// type it; n: 0 to 99.
export function number(info, n) {
  const digits = `${here(info) * 100 + n}`.padStart(3, '0');

  return `(07700) 900 ${digits}`;
}

const here = (info) => info.config.projects.findIndex(
  (p) => p.name === info.project.name);

const e164 = (typed) => `+44${typed.replace(/\D/g, '').replace(/^0/, '')}`;

// how a number is shown
export const masked = (typed) => `XXX-XXX-${
  typed.replace(/\D/g, '').slice(-5)}`;

// Reads the QR code as a phone does: from a picture of it. Only that kind is
// looked for: one picture in some 7,000 also holds the bars of a DataBar.
export async function secretFromScreen(page) {
  const picture = await page.locator('.qrbox svg').screenshot();
  const text = execFileSync('zbarimg', ['-q', '--nodbus', '--raw',
    '-Sdisable', '-Sqrcode.enable', '-'],
  { input: picture, encoding: 'utf8' }).trim();
  const url = new URL(text);

  expect(url.protocol).toBe('otpauth:');
  expect(url.searchParams.get('issuer')).toBe('Example Council');

  return { secret: url.searchParams.get('secret'), uri: text };
}

// A code that was not used yet; each is good once, so the second in the same
// half minute is the one of the next step, which the server takes as well.
const lastStep = new Map();

export async function appCode(secret) {
  for (;;) {
    const time = Date.now() + (clocked ? clocked.ahead * 1000 : 0);
    const now = Math.floor(time / 30000);

    // not one that may be over on its way
    const step = Math.max((lastStep.get(secret) || 0) + 1,
      Math.floor((time + 20000) / 30000) - 1);

    if (step <= now + 1) {
      lastStep.set(secret, step);
      return execFileSync('oathtool', ['--totp', '-b', secret, '-N',
        `@${step * 30}`], { encoding: 'utf8' }).trim();
    }

    await (clocked ? clocked.advance('30s') : sleep(1000));
  }
}

export const PASSWORD = 'copper kettle nine 4711';

// from an application to the page Secure your account
export async function register(page, email, to = '/ess/') {
  await page.goto(`${origin()}${to}`);
  await link(page, 'Register').click();
  await field(page, 'Email address').fill(email);
  await button(page, 'Send verification code').click();
  await field(page, 'Verification code').fill(await mailedCode(email));
  await button(page, 'Verify code').click();
  await field(page, 'New password').fill(PASSWORD);
  await field(page, 'Confirm new password').fill(PASSWORD);
  await button(page, 'Continue').click();
  await heading(page, 'Secure your account');
}

// the password, in a browser without a session; remembered devices stay
export async function logIn(page, email, is = {}) {
  await page.context().clearCookies({ name: /session/ });
  await page.goto(`${origin()}${is.to || '/ess/'}`);
  await field(page, 'Email address').fill(email);
  await field(page, 'Password').fill(is.password || PASSWORD);
  await button(page, 'Login').click();
}

export async function enterCode(page, code) {
  await field(page, 'Verification code').fill(code);
  await button(page, 'Verify code').click();
}

// Back, as people press it: a normal page, and forward to where one was
export async function backAndForth(page) {
  const url = page.url();
  const reply = await page.goBack();

  expect(reply ? reply.status() : 200).toBe(200);
  await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
  await page.goto(url);
}

// Once more, at once: a code was sent a moment ago. Who was stopped for so
// long that one is sent presses again.
export async function tooSoon(page, said) {
  await button(page, 'Send new code').click();
  await expect(page.getByText(said).or(page.getByText('A new code has been '
    + 'sent')).first()).toBeVisible();

  if (await page.getByText(said).count() === 0) {
    await button(page, 'Send new code').click();
  }

  await expect(page.getByText(said).first()).toBeVisible();
}

// The server of a test's own, and its time: see server.pl.
let clocked = null;

// the seconds to the next noon, UTC as the server counts days
export function untilNoon() {
  const now = new Date();
  const noon = new Date(now);

  noon.setUTCHours(12, 0, 0, 0);

  if (noon < now) {
    noon.setUTCDate(noon.getUTCDate() + 1);
  }

  return Math.round((noon - now) / 1000);
}

async function startServer(is) {
  const child = spawn('perl', [`-I${folder}../lib`, `${folder}server.pl`,
    JSON.stringify(is)], { stdio: ['pipe', 'pipe', 'inherit'],
    detached: true });
  const lines = createInterface({ input: child.stdout });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const line = () => Promise.race([
    new Promise((resolve) => lines.once('line', resolve)),
    ended.then((code) => {
      throw new Error(`server.pl ended with ${code}`);
    }),
  ]);
  const first = JSON.parse(await line());

  return {
    ...first,
    advance: async (by) => {
      child.stdin.write(`${by}\n`);
      clocked.ahead = Number(await line());
    },
    end: async () => {
      child.stdin.end();
      expect(await ended, "the server's own checks").toBe(0);
    },
  };
}

const PLACES = ['MFA_ORIGIN', 'MFA_MAIL', 'MFA_TEXTS', 'MFA_CALLS'];

// test with a fixture "server": server({ realm, register }) starts one, which
// the other functions speak to from then on, one at a time; it is noon there,
// so that no day ends unless the test says so
export const test = base.extend({
  server: async ({ browserName }, use) => {
    const before = PLACES.map((name) => process.env[name]);
    const end = async () => {
      await clocked?.end();
      clocked = null;
    };

    expect(browserName).toBe('chromium');
    await use(async (is) => {
      await end();
      clocked = await startServer({ ahead: untilNoon(), ...is });
      PLACES.forEach((name) => {
        process.env[name] = clocked[name];
      });

      // what came while people registered is not for the test
      ['MAIL', 'TEXTS', 'CALLS'].forEach((box) => letters('', box)
        .forEach((m) => taken.add(m.path)));
      return clocked;
    });
    await end();
    PLACES.forEach((name, i) => {
      process.env[name] = before[i];
    });
  },
});

// somebody at another browser, such as the project's
export async function visitor(browser, info) {
  const { javaScriptEnabled, viewport, colorScheme, hasTouch }
    = info.project.use;
  const context = await browser.newContext({ javaScriptEnabled, viewport,
    colorScheme, hasTouch, locale: 'en-GB' });

  return context.newPage();
}

// all words of a page, but for the reference of a code
export async function words(page) {
  const text = await page.locator('main').textContent();

  return text.replace(/\s+/g, ' ').replace(/message ?[A-Z]{4}/, 'message');
}

// how a login of this person ends, in a browser of its own: "in", or the
// error
export async function loginOf(browser, info, me) {
  const page = await visitor(browser, info);
  const summary = page.locator('.summary li').first();
  const code = field(page, CODE_LABEL);

  await logIn(page, me.email, me);
  await expect(summary.or(code).first()).toBeVisible();

  if (await code.count() > 0) {
    await code.fill(await appCode(me.secret));
    await button(page, 'Continue').click();
    await expect(summary.or(page.getByText('Hello')).first()).toBeVisible();
  }

  const text = await summary.count() > 0 ? await summary.innerText() : 'in';

  await page.context().close();
  return text;
}

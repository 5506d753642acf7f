// What the specs share: mail, authenticator, checks that every page gets.

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import { expect } from '@playwright/test';

const screens = fileURLToPath(new URL('../../build/screens', import.meta.url));

const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa',
  'best-practice'];

export const origin = () => process.env.MFA_ORIGIN;

export const CODE_LABEL
  = 'Please enter verification code using your authentication app';

// a person of this project alone
export function address(info, who) {
  return `${who}.${info.project.name}@example.org`;
}

// every page in every state: one h1, the title, no sideways scrolling, axe
// where it can run, a picture
export async function inspect(page, info, name, heading) {
  await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);

  if (heading) {
    await expect(page.getByRole('heading', { level: 1, name: heading,
      exact: true })).toBeVisible();
    expect(await page.title()).toContain(heading);
  }

  mkdirSync(`${screens}/${info.project.name}`, { recursive: true });
  await page.screenshot({ fullPage: true,
    path: `${screens}/${info.project.name}/${name}.png` });

  if (info.project.use.javaScriptEnabled === false) {
    return;
  }

  const wide = await page.evaluate(
    () => document.documentElement.scrollWidth - window.innerWidth);

  expect(wide, 'nothing is wider than the screen').toBeLessThanOrEqual(0);

  const result = await new AxeBuilder({ page }).withTags(tags).analyze();

  expect(result.violations.map((v) => `${v.id}: ${v.nodes.map(
    (n) => n.target).join(', ')}`)).toEqual([]);
}

function letters(to) {
  const dir = `${process.env.MFA_MAILDIR}/new`;
  let files = [];

  try {
    files = readdirSync(dir);
  } catch {
    return [];
  }

  return files
    .map((file) => ({ path: `${dir}/${file}`,
      time: statSync(`${dir}/${file}`).mtimeMs }))
    .map((m) => ({ ...m, raw: readFileSync(m.path, 'utf8') }))
    .filter((m) => new RegExp(`^To:.*${to.replace(/[.+]/g, '\\$&')}`, 'mi')
      .test(m.raw))
    .sort((a, b) => a.time - b.time);
}

// the digits on a line of their own, or the first that stand alone, in a
// letter's text part
function codeIn(raw) {
  const text = raw.replace(/=\r?\n/g, '')
    .split(/^Content-Type: text\/html/mi)[0]
    .replace(/\+?\b\d{4,5} \d{6}\b/g, '');
  const body = text.slice(text.search(/\r?\n\r?\n/));
  const match = body.match(/^\s*(\d{6,10})\s*$/m)
    || body.match(/(?<![\w.@:=-])(\d{6,10})(?![\w@.=-]*[@=])/);

  return match ? match[1] : undefined;
}

const taken = new Set();

// the code in the newest letter that was not read before
export async function mailedCode(to) {
  for (let i = 0; i < 200; i++) {
    const fresh = letters(to).filter((m) => !taken.has(m.path));
    const code = fresh.length && codeIn(fresh.at(-1).raw);

    if (code) {
      fresh.forEach((m) => taken.add(m.path));
      return code;
    }

    await sleep(50);
  }

  throw new Error(`no mail with a code for ${to}`);
}

export async function mailCount(to) {
  return letters(to).length;
}

// reads the QR code as a phone does: from a picture of it
export async function secretFromScreen(page) {
  const picture = await page.locator('.qrbox svg').screenshot();
  const text = execFileSync('zbarimg', ['-q', '--nodbus', '--raw', '-'],
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
    const now = Math.floor(Date.now() / 30000);
    const step = Math.max((lastStep.get(secret) || 0) + 1, now - 1);

    if (step <= now + 1) {
      lastStep.set(secret, step);
      return execFileSync('oathtool', ['--totp', '-b', secret, '-N',
        `@${step * 30}`], { encoding: 'utf8' }).trim();
    }

    await sleep(1000);
  }
}

export const PASSWORD = 'copper kettle nine 4711';

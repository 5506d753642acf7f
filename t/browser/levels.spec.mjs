// More or less than a login: a part that wants the password alone, one that
// wants a code that is fresh, and somebody who has no second way to verify.
// Issue "Policy", Y3.

import { expect } from '@playwright/test';
import { address, appCode, backAndForth, button, CODE_LABEL, field, heading,
  inspect, link, logIn, mailedCode, origin, PASSWORD, secretFromScreen, test,
  visitor } from './tools.mjs';

const enter = async (page, code) => {
  await field(page, CODE_LABEL).fill(code);
  await button(page, 'Continue').click();
};

test('a step-up, and back to the page', async ({ page, browser, server },
  info) => {
  const email = address(info, 'ann');
  const { people: [me], advance } = await server(
    { people: [{ email, user: 'ann', first_name: 'Ann', surname: 'Example' }],
      register: [{ email, password: PASSWORD }] });

  // the password alone
  await logIn(page, email, { to: '/low/' });
  await expect(page).toHaveURL(`${origin()}/low/`);

  // the settings want all of it
  await page.goto(`${origin()}/mfa/`);
  await inspect(page, info, 'levels-home', 'Your applications');
  await link(page, 'Security settings').click();
  await inspect(page, info, 'levels-settings', 'Verify');
  await expect(field(page, 'Password')).toHaveCount(0);
  await expect(page.getByText('Before your security settings are changed'))
    .toBeVisible();

  // another part asks for the code, and goes on to the page
  await page.goto(`${origin()}/pay/list?month=3&year=2027`);
  await inspect(page, info, 'levels-step-up', 'Verify');
  await expect(page.getByText('This part asks for more than your login so '
    + 'far.')).toBeVisible();
  await enter(page, '000000');
  await inspect(page, info, 'levels-step-up-wrong', 'Verify');
  await backAndForth(page);
  await enter(page, await appCode(me.secret));
  await expect(page).toHaveURL(`${origin()}/pay/list?month=3&year=2027`);

  // Back is a normal page, and what was asked for stands open
  await page.goBack();
  await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
  await page.goto(`${origin()}/mfa/security`);
  await heading(page, 'Security settings');
  await page.goto(`${origin()}/ess/`);
  await expect(page).toHaveURL(`${origin()}/ess/`);

  // eleven minutes later the code alone is asked for again, in two tabs
  await advance('11m');
  await page.goto(`${origin()}/pay/one`);
  await heading(page, 'Verify');

  const tab = await page.context().newPage();

  await tab.goto(`${origin()}/pay/two`);
  await heading(tab, 'Verify');
  await enter(page, await appCode(me.secret));
  await expect(page).toHaveURL(`${origin()}/pay/one`);
  await enter(tab, await appCode(me.secret));
  await expect(tab).toHaveURL(`${origin()}/pay/two`);

  // Cancel leads somewhere
  const other = await visitor(browser, info);

  await logIn(other, email, { to: '/low/' });
  await other.goto(`${origin()}/pay/one`);
  await button(other, 'Cancel').click();
  await heading(other, 'Your applications');
});

test('nothing to verify with yet', async ({ page, server }, info) => {
  const email = address(info, 'una');

  await server({ realm: { second_factor: 'optional' },
    people: [{ email, user: 'una', first_name: 'Una', surname: 'Example' }] });

  await page.goto(`${origin()}/low/`);
  await link(page, 'Register').click();
  await field(page, 'Email address').fill(email);
  await button(page, 'Send verification code').click();
  await field(page, 'Verification code').fill(await mailedCode(email));
  await button(page, 'Verify code').click();
  await field(page, 'New password').fill(PASSWORD);
  await field(page, 'Confirm new password').fill(PASSWORD);
  await button(page, 'Continue').click();

  // an optional one, left for later
  await logIn(page, email, { to: '/low/' });
  await expect(page).toHaveURL(`${origin()}/low/`);
  await page.goto(`${origin()}/ess/`);
  await expect(page).toHaveURL(`${origin()}/ess/`);

  await page.goto(`${origin()}/pay/?a=1`);
  await inspect(page, info, 'levels-none', 'Secure your account');
  await button(page, 'Continue').click();
  await heading(page, 'Secure your account');
  await link(page, 'Authenticator app').click();

  const app = await secretFromScreen(page);

  await enter(page, await appCode(app.secret));
  await button(page, 'Continue').click();
  await expect(page).toHaveURL(`${origin()}/pay/?a=1`);

  // from then on it is asked for
  await logIn(page, email);
  await heading(page, 'Verify');
});

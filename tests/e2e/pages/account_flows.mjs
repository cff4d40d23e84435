// Logging in, what each role is offered, accounts; an appliance that errs, goes and comes back.
// Only against the stand-in, whose accounts and faults are known.
import assert from 'node:assert/strict';

import { log_in, open_page, settle, visit } from './browser.mjs';
import { check_contrast, check_names, check_no_sideways_scroll } from './checks.mjs';
import { start_stand_in } from './stand_in.mjs';

const who = (name) => ({ account: name, password: `${name}-password` });

export async function logs_in_and_out({ browser, url }) {
  const session = await open_page(browser, url, { width: 360, height: 740, may_fail: true });
  const { page } = session;
  await page.goto(`${url}#/jobs?command=check`);
  await page.getByRole('heading', { name: 'Log in' }).waitFor();
  await check_names(session);
  await check_contrast(page);
  await check_no_sideways_scroll(page);
  for (let attempt = 1; attempt <= 6; ++attempt) {
    await page.getByLabel('Account', { exact: true }).fill('otto');
    await page.getByLabel('Password').fill('a wrong one');
    await Promise.all([page.waitForResponse('**/api/v1/session'), page.keyboard.press('Enter')]);
  }
  await page.getByText(/Too many attempts\. Try again in 2/).waitFor();
  await page.getByLabel('Password').fill('a wrong one');
  await page.keyboard.press('Enter');
  await page.getByText('Account or password is wrong.').waitFor();
  await page.getByLabel('Password').fill('otto-password');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Jobs', level: 1 }).waitFor();
  assert.equal(
    await page.getByLabel('Kind').inputValue(),
    'check',
    'one gets where one wanted to go',
  );
  await page.getByRole('button', { name: 'Menu' }).click();
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByRole('heading', { name: 'Log in' }).waitFor();
  assert.equal(await page.getByRole('navigation').count(), 0);
  session.expect_quiet();
  await session.close();
}

// What a role may not do is absent; the reason is said once.
export async function offers_what_the_role_may_do({ browser, url }) {
  const pages = {
    '#/jobs': { operator: [/^Start a job/, /^Cancel: /], admin: [] },
    '#/storage': {
      operator: [/^Check structure/, /^Restore drill/, /^Copy to /],
      admin: [/^End the hold/],
    },
    '#/alerts': { admin: [/^Send a test alert/] },
    '#/retention': { admin: [/^Apply the rules/] },
  };
  const ranks = ['viewer', 'operator', 'admin'];
  for (const [rank, name] of ['vera', 'otto', 'ada'].entries()) {
    const session = await open_page(browser, url);
    const { page } = session;
    await log_in(session, who(name));
    for (const [hash, controls] of Object.entries(pages)) {
      await visit(session, hash);
      for (const [role, names] of Object.entries(controls)) {
        for (const each of names) {
          const control = page.getByRole('button', { name: each });
          const is_offered = rank >= ranks.indexOf(role);
          if (is_offered) await control.first().waitFor(); // lists come after the page
          const count = await control.count();
          assert.equal(count > 0, is_offered, `${name} sees ${each} at ${hash}: ${count}`);
        }
      }
      const lacks = Object.keys(controls).some((role) => rank < ranks.indexOf(role));
      assert.equal(
        await page.getByText(/^You look at this as/).count(),
        lacks ? 1 : 0,
        `${name} at ${hash}`,
      );
    }
    assert.equal(
      await page.getByRole('link', { name: 'Accounts', exact: true }).count(),
      rank === 2 ? 1 : 0,
    );
    if (rank === 0) {
      await visit(session, '#/accounts');
      await page.getByRole('heading', { name: 'There is no such page' }).waitFor();
    }
    session.expect_quiet();
    await session.close();
  }
}

export async function manages_accounts_and_holds({ browser, url }) {
  const session = await open_page(browser, url, { may_fail: true });
  const { page } = session;
  await log_in(session, who('ada'));
  await visit(session, '#/accounts');
  await page.getByRole('button', { name: 'Add an account' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('otto');
  await dialog.getByLabel('Role').selectOption('operator');
  await dialog.getByLabel('Password').fill('long enough to pass');
  await dialog.getByRole('button', { name: 'Add' }).click();
  await dialog.getByText("There is an account 'otto' already.").waitFor();
  await dialog.getByLabel('Name').fill('nele');
  await dialog.getByRole('button', { name: 'Add' }).click();
  await page.getByRole('cell', { name: 'nele', exact: true }).waitFor();
  await page.getByRole('button', { name: 'Remove nele' }).click();
  await page.getByRole('button', { name: 'Remove the account' }).click();
  await page.getByRole('cell', { name: 'nele', exact: true }).waitFor({ state: 'detached' });

  await visit(session, '#/account');
  for (let time = 1; time <= 2; ++time) {
    // The second change needs the token that the first one's answer told.
    await page.getByLabel('New password').fill('ada-password');
    await Promise.all([
      page.waitForResponse((answer) => answer.url().endsWith('/password') && answer.ok()),
      page.getByRole('button', { name: 'Change the password' }).click(),
    ]);
  }
  await visit(session, '#/mailboxes?state=protected');
  await page.locator('td a.name').nth(1).click();
  await page.getByRole('button', { name: 'Hold this mailbox' }).click();
  await dialog.getByLabel('Reason').fill('Proceedings 1');
  await dialog.getByRole('button', { name: 'Hold' }).click();
  await page.getByRole('table', { name: 'Holds' }).getByText('Proceedings 1').waitFor();
  await page.getByRole('button', { name: /^End the hold/ }).click();
  await dialog.getByLabel('Reason').fill('They are over');
  await dialog.getByRole('button', { name: 'End the hold' }).click();
  await page.getByText('No hold: retention may remove restore points.').waitFor();
  session.expect_quiet();
  await session.close();
}

export async function tells_of_errors({ browser, pages }) {
  const stand_in = await start_stand_in({ pages });
  const session = await open_page(browser, stand_in.url, { may_fail: true });
  const { page } = session;
  await log_in(session, who('vera'));
  await stand_in.fail('storage', 500);
  await visit(session, '#/storage');
  await page.getByText('An error on demand.').waitFor();
  await check_names(session);
  await stand_in.reset();
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('heading', { name: 'Last verified' }).waitFor();
  await stand_in.fail('session', 503);
  await page.reload();
  await page.getByText('An error on demand.').waitFor();
  await stand_in.reset();
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('heading', { name: 'Last verified' }).waitFor();
  await visit(session, '#/jobs/no-such-job');
  await page.getByText("There is no job 'no-such-job'.").waitFor();
  session.expect_quiet();
  await session.close();
  await stand_in.stop();
}

// The daemon restarts, and has forgotten who was logged in; without accounts it just goes on.
export async function survives_a_restart({ browser, pages }) {
  let appliance = await start_stand_in({ accounts: false, pages });
  const session = await open_page(browser, appliance.url, { may_fail: true });
  const { page } = session;
  await visit(session, '#/overview');
  await page.getByText('everybody on this machine is admin').waitFor();
  assert.equal(await page.getByRole('link', { name: 'Accounts', exact: true }).count(), 0);
  const { port } = appliance;
  await appliance.stop();
  await page.getByText('The appliance does not answer.').waitFor();
  assert.ok(
    await page.getByRole('heading', { name: 'Last verified' }).isVisible(),
    'what was shown stays',
  );
  await check_contrast(page);
  await page.getByRole('link', { name: 'Storage', exact: true }).first().click();
  await page.getByRole('alert').getByText('The appliance does not answer.').nth(1).waitFor();
  appliance = await start_stand_in({ port, accounts: false, pages });
  await page.getByRole('button', { name: 'Try now' }).click();
  await page.getByText('What you see is from').waitFor({ state: 'hidden' });
  await page.getByRole('heading', { name: 'Stored and unique' }).waitFor();
  session.expect_quiet();
  await session.close();
  await appliance.stop();
}

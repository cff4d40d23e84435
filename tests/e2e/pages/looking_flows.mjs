// What an admin does every day: who is not protected and why, what ran, what is wrong.
import assert from 'node:assert/strict';

import { log_in, open_page, settle, visit } from './browser.mjs';
import { check_keyboard } from './checks.mjs';
import { places } from './looks.mjs';

export async function finds_who_is_not_protected({ browser, url, login }) {
  const session = await open_page(browser, url);
  const { page } = session;
  await log_in(session, login);
  await visit(session, '#/overview');
  const status = await page.evaluate(async () => (await fetch('api/v1/status')).json());
  assert.equal(await page.locator('h1').textContent(), status.sentence);
  if (status.mailboxes.unprotected === 0) return session.close();
  await page.getByRole('link', { name: 'Who, and why' }).click();
  await page.getByRole('heading', { name: 'Who is not protected, and why' }).waitFor();
  await settle(page);
  const rows = page.getByRole('table', { name: 'Mailboxes' }).locator('tbody tr');
  assert.equal(await rows.count(), Math.min(50, status.mailboxes.unprotected));
  for (const row of await rows.all()) {
    assert.ok(await row.getByText('Unprotected').isVisible());
    assert.notEqual((await row.locator('td[data-label=Reason]').textContent()).trim(), '');
  }
  if (status.reasons?.length > 0) {
    const first = status.reasons.find((each) => each.state === 'unprotected');
    await page.getByRole('link', { name: first.reason }).click();
    await page.getByText('Only those below:').waitFor();
    await settle(page);
    assert.equal(await rows.count(), Math.min(50, first.mailboxes));
  }
  await rows.first().getByRole('link').click();
  await page.getByRole('heading', { name: 'State' }).waitFor();
  session.expect_quiet();
  await session.close();
}

// Thousands are never loaded at once; the URL says what is shown.
export async function pages_and_searches_mailboxes({ browser, url, login }) {
  const session = await open_page(browser, url);
  const { page } = session;
  await log_in(session, login);
  await visit(session, '#/mailboxes');
  const { total } = await page.evaluate(async () =>
    (await fetch('api/v1/mailboxes?limit=1')).json(),
  );
  const rows = page.getByRole('table', { name: 'Mailboxes' }).locator('tbody tr');
  assert.equal(await rows.count(), Math.min(50, total ?? 50));
  if (total > 50) {
    await page.getByRole('button', { name: 'Load more' }).click();
    await page.waitForFunction(
      (count) => document.querySelectorAll('main tbody tr').length >= count,
      Math.min(100, total),
    );
  }
  await page.getByLabel('Address or name').fill('no-mailbox-has-this-name');
  await page.getByText('No mailbox is like this.').waitFor();
  assert.match(page.url(), /search=no-mailbox-has-this-name/);
  await page.reload();
  await page.getByText('No mailbox is like this.').waitFor();
  assert.equal(await page.getByLabel('Address or name').inputValue(), 'no-mailbox-has-this-name');
  session.expect_quiet();
  await session.close();
}

// The others have the same parts.
const kWalked = [
  'overview',
  'mailbox',
  'restore',
  'restore_steps',
  'jobs',
  'job_backup',
  'job_running',
  'storage',
  'retention',
  'accounts',
];

export async function walks_by_keyboard({ browser, url, login }) {
  const session = await open_page(browser, url, { height: 1000 });
  await log_in(session, login);
  for (const [name, hash] of await places(session)) {
    if (!kWalked.includes(name)) continue;
    await visit(session, hash);
    try {
      assert.ok((await check_keyboard(session.page)) >= 10);
    } catch (error) {
      throw new Error(`${name}: ${error.message}`, { cause: error });
    }
  }
  session.expect_quiet();
  await session.close();
}

// A dialog takes the focus and gives it back; Escape changes nothing.
export async function asks_before_it_cancels({ browser, url, login }) {
  const session = await open_page(browser, url);
  const { page } = session;
  await log_in(session, login);
  await visit(session, '#/jobs');
  await page.getByRole('button', { name: 'Start a job…' }).press('Enter');
  await page.getByLabel('What', { exact: true }).selectOption('drill');
  await page.getByRole('button', { name: 'Start', exact: true }).press('Enter');
  await page.waitForURL(/#\/jobs\/./);
  await page.getByRole('button', { name: /^Cancel: / }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Cancel this job?' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.getByRole('heading', { name: 'Result' }).waitFor();
  assert.ok(await page.locator('.head .badge').getByText('Complete').isVisible());
  session.expect_quiet();
  await session.close();
}

export async function shows_jobs_and_problems({ browser, url, login }) {
  const session = await open_page(browser, url);
  const { page } = session;
  await log_in(session, login);
  await visit(session, '#/jobs?command=backup');
  const { jobs } = await page.evaluate(async () =>
    (await fetch('api/v1/jobs?state=ended&command=backup')).json(),
  );
  const bad = jobs.find((job) => job.problems > 1);
  if (bad) {
    await visit(session, `#/jobs/${bad.id}`);
    const rows = page.getByRole('table', { name: 'Problems' }).locator('tbody tr');
    await rows.first().waitFor();
    const all = await rows.count();
    const codes = await page.getByLabel('Code').locator('option').allTextContents();
    if (codes.length > 2) {
      await page.getByLabel('Code').selectOption(codes[1]);
      await page.waitForFunction(
        (count) =>
          document.querySelectorAll('table[role=table] caption').length > 0 &&
          !document.body.textContent.includes(`${count} of ${count} problem`),
        all,
      );
      assert.ok((await rows.count()) < all);
    }
    await page.getByLabel('Contains').fill('nothing contains this');
    await page.getByText('No problem is like this.').waitFor();
  }
  session.expect_quiet();
  await session.close();
}

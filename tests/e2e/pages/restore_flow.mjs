// The hour of need: somebody restores a folder and two items, by keyboard alone, and gets the
// proof.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

import { log_in, open_page, settle, visit } from './browser.mjs';

const active = (page) =>
  page.evaluate(() => {
    const element = document.activeElement;
    return {
      tag: element.tagName,
      name:
        element.getAttribute('aria-label') ??
        element.labels?.[0]?.textContent ??
        element.textContent,
    };
  });

// Presses Tab until what has the focus is called so; nobody can see a way that takes forever.
async function tab_to(page, name, key = 'Tab') {
  for (let press = 0; press < 160; ++press) {
    await page.keyboard.press(key);
    const now = await active(page);
    if (name.test(now.name.trim())) return now;
  }
  throw new Error(`Tab does not get to ${name}`);
}

async function choose_contents(page) {
  await tab_to(page, /^Choose folder /);
  await page.keyboard.press('Space');
  await page.getByText(/^1 folder/).waitFor();
  await tab_to(page, /›$/);
  const folder = (await active(page)).name.replace(' ›', '');
  await page.keyboard.press('Enter');
  await page.locator('.crumbs [aria-current]').getByText(folder, { exact: true }).waitFor();
  await settle(page);
  for (let item = 1; item <= 2; ++item) {
    await tab_to(page, /^Choose (?!folder )/);
    await page.keyboard.press('Space');
  }
  await page.getByText(/^1 folder and 2 items/).waitFor();
}

async function dry_run(page) {
  await tab_to(page, /^See what would happen$/);
  await page.keyboard.press('Enter');
  await page.getByText('Would be created').waitFor();
  for (const part of ['Items chosen', 'To send', 'Takes', 'Finished']) {
    assert.ok(await page.getByText(part, { exact: true }).isVisible(), `the plan says "${part}"`);
  }
}

export async function restores_by_keyboard({ browser, url, login }) {
  const session = await open_page(browser, url, { height: 1000 });
  const { page } = session;
  await log_in(session, login);
  await visit(session, '#/restore');
  await tab_to(page, /^Address or name$/);
  await page.keyboard.type('contoso');
  await settle(page);
  await page.waitForTimeout(400); // typing is answered once it has paused
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByText('From which time?').waitFor();
  await settle(page);

  await tab_to(page, /restore point|item/);
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Enter');
  const chosen = await active(page);
  assert.match(chosen.name, /\d items?, /);
  await settle(page);
  await choose_contents(page);
  assert.ok(
    await page.getByText('The dry run comes first').isVisible(),
    'nothing starts before a dry run',
  );
  await tab_to(page, /^Skip/);
  await page.keyboard.press('ArrowDown');
  assert.match((await active(page)).name, /^Copy/, 'arrows go from one rule to the next');
  await dry_run(page);

  await tab_to(page, /^Reason$/);
  await page.keyboard.type('Ticket 4711, asked for by the owner');
  await tab_to(page, /^Start the restore$/);
  await page.keyboard.press('Enter');
  await page.waitForURL(/#\/jobs\/./);
  await page.getByText('Restored and verified.').waitFor();
  assert.ok(
    await page.getByText('Ticket 4711, asked for by the owner').isVisible(),
    'the reason stands in the job',
  );
  await tab_to(page, /^Download the report$/);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.keyboard.press('Enter'),
  ]);
  const records = (await readFile(await download.path(), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const summary = records.at(-1);
  assert.equal(summary.type, 'summary');
  assert.equal(summary.items.verified, summary.items.restored);
  assert.ok(
    records.some((record) => record.type === 'item' && record.verified),
    'the report has a line an item',
  );
  session.expect_quiet();
  await session.close();
}

// Another choice makes a dry run out of date; a search reaches all folders; another mailbox may
// take it all.
export async function keeps_the_plan_honest({ browser, url, login }) {
  const session = await open_page(browser, url);
  const { page } = session;
  await log_in(session, login);
  await visit(session, '#/mailboxes?state=protected');
  await page.locator('td a.name').first().click();
  await settle(page);
  await page.getByRole('link', { name: 'Restore', exact: true }).last().click();
  await page.getByLabel('The whole mailbox').check();
  await page.getByRole('button', { name: 'See what would happen' }).click();
  await page.getByRole('button', { name: 'Start the restore' }).waitFor();
  await page.getByLabel('Where they came from').check();
  await page.getByRole('button', { name: 'Start the restore' }).waitFor({ state: 'hidden' });
  await page.getByLabel('Replace').check();
  await page.getByText('overwritten with their old version').waitFor();

  await page.getByLabel('The whole mailbox').uncheck();
  const search = page.getByRole('search', { name: 'In this restore point' });
  await search.getByLabel('Subject').fill('a subject that nobody ever wrote');
  await search.getByRole('button', { name: 'Search' }).click();
  await page.getByText('Nothing was found.').waitFor();
  await search.getByRole('button', { name: 'Back to folders' }).click();
  await page.getByRole('table', { name: 'Folders and items' }).waitFor();

  await page.getByRole('button', { name: 'Choose another', exact: true }).click();
  await page.getByLabel('Restore into the mailbox').fill('contoso');
  await page.locator('.form .list button').nth(1).click();
  await page.getByRole('button', { name: 'Choose another', exact: true }).waitFor();
  session.expect_quiet();
  await session.close();
}

// Every page at three widths, light and dark: nothing is cut off, faint, nameless or complained
// about.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';

import { log_in, open_page, settle, visit } from './browser.mjs';
import { check_contrast, check_names, check_no_sideways_scroll } from './checks.mjs';

const kWidths = [
  [360, 740],
  [1280, 800],
  [2560, 1440],
];

// What is there to look at: found through the API, so that any appliance will do.
export async function places(session) {
  const ask = (path) =>
    session.page.evaluate(async (url) => (await fetch(url)).json(), `api/v1/${path}`);
  const { mailboxes } = await ask('mailboxes?state=protected&limit=1');
  const found = [
    'overview',
    'mailboxes',
    'mailboxes?state=unprotected',
    'restore',
    'jobs',
    'storage',
    'retention',
    'alerts',
    'audit',
    'settings',
  ].map((hash) => [hash.replace(/\W+/g, '_'), `#/${hash}`]);
  if (mailboxes.length > 0) {
    const id = encodeURIComponent(mailboxes[0].mailbox_id);
    found.push(['mailbox', `#/mailboxes/${id}`], ['restore_steps', `#/restore?mailbox=${id}`]);
  }
  for (const command of ['backup', 'restore']) {
    const { jobs } = await ask(`jobs?command=${command}&state=ended&limit=1`);
    if (jobs.length > 0) found.push([`job_${command}`, `#/jobs/${jobs[0].id}`]);
  }
  const { jobs } = await ask('jobs?state=running&limit=1');
  if (jobs.length > 0) found.push(['job_running', `#/jobs/${jobs[0].id}`]);
  const me = await ask('session');
  if (me.accounts) found.push(['accounts', '#/accounts'], ['account', '#/account']);
  return [...found, ['nothing', '#/no-such-page']];
}

// What is laid out in its own way on a wall screen.
const kOnTheWall = ['overview', 'mailboxes', 'mailbox', 'restore_steps', 'storage', 'job_backup'];

async function look(session, name, width, folder) {
  // Colours do not depend on the width: both schemes at one width tell all but the picture.
  const schemes = folder || width === 1280 ? ['light', 'dark'] : ['light'];
  for (const scheme of schemes) {
    await session.page.emulateMedia({ colorScheme: scheme });
    await settle(session.page);
    await check_no_sideways_scroll(session.page);
    await check_contrast(session.page);
    if (folder) {
      await session.page.screenshot({
        path: `${folder}/${name}-${width}-${scheme}.png`,
        fullPage: true,
      });
    }
  }
}

export async function check_looks({ browser, url, login, screenshots, only }) {
  const problems = [];
  if (screenshots) await mkdir(screenshots, { recursive: true });
  for (const [width, height] of kWidths) {
    const session = await open_page(browser, url, { width, height });
    await log_in(session, login);
    for (const [name, hash] of await places(session)) {
      if (only && !only.split(',').includes(name)) continue;
      if (width === 2560 && !screenshots && !kOnTheWall.includes(name)) continue;
      try {
        await visit(session, hash);
        await look(session, name, width, screenshots);
        if (width !== 2560) await check_names(session);
        session.expect_quiet();
      } catch (error) {
        problems.push(`${name} at ${width} px: ${error.message}`);
      }
    }
    await session.close();
  }
  assert.equal(problems.length, 0, problems.join('\n'));
}

// That an appliance speaks as API.md says: the fields that the pages build upon.
import assert from 'node:assert/strict';

import { log_in, open_page } from './browser.mjs';

const kMailbox = [
  'mailbox_id',
  'address',
  'display_name',
  'tenant',
  'purpose',
  'policy',
  'state',
  'reason',
  'last_good_backup',
  'age_seconds',
  'promised_seconds',
  'snapshots',
  'items',
  'bytes',
  'held',
  'protected',
];
const kJob = [
  'id',
  'command',
  'arguments',
  'title',
  'state',
  'status',
  'exit_status',
  'by',
  'reason',
  'policy',
  'mailbox',
  'queued',
  'started',
  'ended',
  'seconds',
  'progress',
  'summary',
  'error',
  'problems',
];
const kStore = [
  'logical_bytes',
  'unique_bytes',
  'stored_bytes',
  'index_bytes',
  'free_bytes',
  'dedup_factor',
  'compression_factor',
  'growth_bytes_per_day',
  'full_on',
  'items',
  'snapshots',
];
const kVerification = [
  'structure',
  'scrub',
  'full',
  'drill',
  'oldest_unverified_seconds',
  'errors',
];

// [path, where the records are, type, fields]
const kRecords = [
  ['mailboxes?limit=5', 'mailboxes', 'mailbox', kMailbox],
  ['jobs?limit=5', 'jobs', 'job', kJob],
  [
    'schedule',
    'schedule',
    'schedule',
    [
      'policy',
      'tenant',
      'command',
      'next',
      'calendar',
      'timezone',
      'window',
      'window_open',
      'last',
      'missed',
    ],
  ],
  [
    'alerts',
    'alerts',
    'alert',
    ['id', 'kind', 'severity', 'subject', 'message', 'next_step', 'opened', 'closed', 'sent'],
  ],
  [
    'audit?limit=5',
    'audit',
    'audit',
    ['sequence', 'time', 'by', 'action', 'result', 'reason', 'what'],
  ],
  ['holds', 'holds', 'hold', ['id', 'subject', 'mailbox_id', 'snapshot', 'reason', 'time']],
];

const has = (record, names, what) => {
  for (const name of names) assert.ok(name in record, `${what} has "${name}"`);
};

async function check_mailbox(ask) {
  const {
    mailboxes: [mailbox],
  } = await ask('mailboxes?state=protected&limit=1');
  if (!mailbox) return;
  const whole = await ask(`mailboxes/${encodeURIComponent(mailbox.mailbox_id)}`);
  has(whole, [...kMailbox, 'holds', 'nights', 'problems'], 'a mailbox');
  assert.equal(
    (await ask(`mailboxes/${encodeURIComponent(mailbox.address)}`)).mailbox_id,
    mailbox.mailbox_id,
  );
  const times = whole.nights.map((night) => night.time);
  assert.deepEqual(times, [...times].sort(), 'nights are oldest first');
  has(
    whole.nights[0],
    ['id', 'time', 'complete', 'items', 'bytes', 'policy', 'held', 'last_verified'],
    'a night',
  );
  const at = whole.nights.at(-1).id;
  const root = await ask(
    `items?mailbox=${encodeURIComponent(mailbox.mailbox_id)}&at=${at}&folder=`,
  );
  for (const folder of root.items.filter((each) => each.type === 'folder')) {
    has(folder, ['id', 'path', 'item_class', 'items'], 'a folder');
  }
  const found = await ask(
    `items?mailbox=${encodeURIComponent(mailbox.mailbox_id)}&at=${at}&type=IPM&limit=3`,
  );
  for (const item of found.items)
    has(item, ['id', 'folder', 'item_class', 'size', 'received', 'subject', 'from'], 'an item');
}

export async function speaks_the_api({ browser, url, login }) {
  const session = await open_page(browser, url, { may_fail: true });
  await log_in(session, login);
  const ask = (path) =>
    session.page.evaluate(async (where) => (await fetch(where)).json(), `api/v1/${path}`);
  for (const [path, key, type, fields] of kRecords) {
    const answer = await ask(path);
    has(answer, [key, 'next', 'total'], path);
    for (const record of answer[key]) {
      assert.equal(record.type, type);
      has(record, fields, `a record of ${path}`);
    }
  }
  const status = await ask('status');
  has(
    status,
    [
      'time',
      'version',
      'state',
      'sentence',
      'action',
      'mailboxes',
      'discovered',
      'oldest',
      'last_run',
      'running',
      'next_runs',
      'store',
      'throttled',
      'verification',
      'alerts_open',
      'reasons',
    ],
    'the status',
  );
  has(status.store, kStore, 'the store');
  has(status.verification, kVerification, 'the verification');
  const storage = await ask('storage');
  has(storage, ['now', 'trend', 'verification', 'copies'], 'the storage');
  has(storage.now, [...kStore, 'packs', 'chunks', 'mailboxes'], 'the storage now');
  const settings = await ask('settings');
  has(settings, ['path', 'loaded', 'tables'], 'the settings');
  await check_mailbox(ask);
  const error = await ask('mailboxes/nobody@nowhere.example');
  assert.deepEqual([error.type, error.kind], ['error', 'not_found']);
  await session.close();
}

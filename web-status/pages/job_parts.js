// How a job is shown: its progress while it runs, its figures when it has ended.
import { post, part } from './api.js';
import { ask } from './dialogs.js';
import { el, replace } from './dom.js';
import { live } from './events.js';
import * as format from './format.js';
import { duration, facts, job_badge, may, relative, size } from './parts.js';
import { link } from './router.js';

export const kCommands = [
  ['backup', 'Backups'],
  ['restore', 'Restores'],
  ['check', 'Checks'],
  ['drill', 'Drills'],
  ['forget', 'Retention'],
  ['prune', 'Pruning'],
  ['copy', 'Copies'],
];

const kBottlenecks = {
  service: 'the service answers no faster',
  throttling: 'the service throttles',
  processor: 'this machine’s processor',
  store: 'the store’s disk',
};

function meter(job) {
  const { progress } = job;
  const [done, total] = progress?.bytes_total
    ? [progress.bytes_done, progress.bytes_total]
    : [progress?.items_done, progress?.items_total];
  const bar = el('progress', { max: 100, 'aria-label': `Progress of ${job.title}` });
  if (total) bar.value = (100 * done) / total;
  return bar;
}

const of_total = (done, total, shown) =>
  total ? `${shown(done)} of ${shown(total)}` : shown(done);

function progress_facts({ progress, seconds }, is_brief) {
  if (!progress) return el('p', { class: 'muted' }, 'Waiting for its turn.');
  const left =
    progress.seconds_left === null ? 'not known yet' : format.duration(progress.seconds_left);
  if (is_brief) {
    return facts([
      ['Items', of_total(progress.items_done, progress.items_total, format.count)],
      [
        'Rate',
        progress.bytes_per_second === null ? null : `${format.size(progress.bytes_per_second)}/s`,
      ],
      ['Time left', left],
      ['Held up by', kBottlenecks[progress.bottleneck] ?? 'nothing'],
    ]);
  }
  return facts([
    ['Stage', progress.stage || null],
    ['Items', of_total(progress.items_done, progress.items_total, format.count)],
    ['Bytes', of_total(progress.bytes_done, progress.bytes_total, format.size)],
    [
      'Rate',
      progress.bytes_per_second === null ? null : `${format.size(progress.bytes_per_second)}/s`,
    ],
    ['Time left', left],
    ['Running for', format.duration(seconds)],
    ['Held up by', kBottlenecks[progress.bottleneck] ?? 'nothing'],
    ['Lost to throttling', format.duration(progress.throttled_seconds)],
  ]);
}

// A running job, kept up to date. `on_end(job)`.
export function live_job(
  job,
  { signal, session, on_end = () => {}, has_link = true, is_brief = false },
) {
  const node = el('div', { class: 'stack' });
  // Told to ears at each tenth only: every second would be a torrent.
  const ears = el('p', { class: 'for-ears', role: 'status' });
  const body = el('div', { class: 'stack' });
  let told = -1;

  function tell_ears() {
    const { progress } = job;
    if (!progress?.items_total) return;
    const tenth = Math.floor((10 * progress.items_done) / progress.items_total);
    if (tenth === told) return;
    told = tenth;
    ears.textContent = `${job.title}: ${tenth * 10} percent`;
  }

  function show() {
    replace(
      body,
      el(
        'div',
        { class: 'head' },
        el(
          'span',
          { class: 'row' },
          job_badge(job),
          has_link
            ? el(
                'a',
                { href: link('jobs', job.id), 'data-key': `job-${job.id}` },
                el('bdi', {}, job.title),
              )
            : el('strong', {}, el('bdi', {}, job.title)),
        ),
        may(session, 'operator') && cancel_button(job),
      ),
      meter(job),
      progress_facts(job, is_brief),
    );
    tell_ears();
  }

  live.addEventListener(
    'job',
    ({ detail }) => {
      if (detail.id !== job.id) return;
      job = detail;
      if (job.state === 'ended') return on_end(job);
      show();
    },
    { signal },
  );
  show();
  node.append(ears, body);
  return node;
}

export function cancel_button(job) {
  return el(
    'button',
    {
      type: 'button',
      class: 'danger',
      'data-key': `cancel-${job.id}`,
      'aria-label': `Cancel: ${job.title}`,
      on: {
        click: () =>
          ask({
            title: 'Cancel this job?',
            content: el(
              'p',
              {},
              el('bdi', {}, job.title),
              ' stops at the next safe point. What is done stays, and running it again ',
              'goes on from there.',
            ),
            action: 'Cancel the job',
            is_danger: true,
            act: () => post(`jobs/${part(job.id)}/cancel`),
          }),
      },
    },
    'Cancel',
  );
}

const figure = (label, value) => [
  label,
  value === null || value === undefined ? null : format.count(value),
];

function backup_facts(summary) {
  const { mailboxes, items, bytes, requests } = summary;
  return [
    [
      'Mailboxes',
      `${format.count(mailboxes.complete)} complete, ${format.count(mailboxes.partial)} partial, ` +
        `${format.count(mailboxes.failed)} failed, ${format.count(mailboxes.skipped)} skipped`,
    ],
    [
      'Items',
      `${format.count(items.listed)} listed = ${format.count(items.stored)} stored + ` +
        `${format.count(items.unchanged)} unchanged + ${format.count(items.skipped)} skipped + ` +
        `${format.count(items.failed)} failed`,
    ],
    ['Exported', size(bytes.exported)],
    ['New in the store', size(bytes.stored)],
    [
      'Requests',
      `${format.count(requests.total)}, of which ${format.count(requests.throttled)} throttled`,
    ],
    ['Lost to throttling', duration(summary.throttled_seconds)],
  ];
}

function restore_facts(summary) {
  const { items, planned } = summary;
  const where = summary.in_place ? 'the folders they came from' : summary.into;
  if (summary.dry_run) return plan_facts(summary);
  return [
    ['From', summary.mailbox && el('bdi', {}, summary.mailbox)],
    ['To', summary.target && el('bdi', {}, `${summary.target}, ${where}`)],
    figure('Items chosen', items.selected),
    figure('Restored', items.restored),
    figure('Replaced', items.replaced),
    figure('Skipped', items.skipped),
    figure('Failed', items.failed),
    figure('Verified in the target', items.verified),
    ['Sent', size(summary.bytes_sent)],
    ['Folders made', format.count(summary.folders.created)],
    [
      'Planned',
      `${format.count(planned.create + planned.replace)} items, ${format.size(planned.bytes)}`,
    ],
  ];
}

// What a dry run found: what would be done, and how long that takes.
export function plan_facts(summary) {
  const { planned } = summary;
  const seconds = planned.expected_seconds ?? planned.least_seconds;
  const end = new Date(Date.now() + seconds * 1000).toISOString();
  return [
    figure('Items chosen', summary.items.selected),
    ['Would be created', `${format.count(planned.create)} items`],
    ['Would be replaced', `${format.count(planned.replace)} items`],
    ['Would be skipped', `${format.count(planned.skip)} items`],
    ['To send', size(planned.bytes)],
    [
      'Takes',
      planned.expected_seconds === null || planned.expected_seconds === undefined
        ? `${format.duration(planned.least_seconds)} at least: the service takes no more`
        : `about ${format.duration(seconds)} at the rate of the last restores`,
    ],
    [
      'Finished',
      el(
        'span',
        {},
        'if started now, about ',
        el('time', { datetime: end, title: format.utc(end) }, format.moment(end)),
      ),
    ],
  ];
}

const kOther = {
  check: (summary) => [
    ['Level', summary.level],
    figure('Restore points', summary.restore_points),
    figure('Packs', summary.packs),
    figure('Chunks', summary.chunks),
    ['Read', size(summary.bytes_read)],
    figure('Errors', summary.errors),
    figure('Healed', summary.healed),
    figure('Items affected', summary.affected?.length),
  ],
  drill: (summary) => [
    figure('Items tried', summary.items.chosen),
    figure('Verified', summary.items.verified),
    figure('Failed', summary.items.failed),
    figure('Mailboxes', summary.mailboxes),
  ],
  prune: (summary) => [
    ['Dry run', summary.dry_run ? 'yes: nothing was removed' : null],
    figure('Packs deleted', summary.packs_deleted),
    figure('Packs rewritten', summary.packs_rewritten),
    ['Freed', size(summary.bytes_deleted + summary.trash_bytes_freed)],
    ['Left', size(summary.bytes_left)],
  ],
  forget: (summary) => [
    figure('Mailboxes', summary.mailboxes),
    figure('Restore points', summary.snapshots),
    figure('Kept', summary.kept),
    figure('Removed', summary.removed),
  ],
  copy: (summary) => [
    figure('Restore points', summary.snapshots),
    figure('Packs', summary.packs),
    ['Copied', size(summary.bytes)],
  ],
};

export function summary_facts(summary) {
  const rows =
    summary.command === 'backup'
      ? backup_facts(summary)
      : summary.command === 'restore'
        ? restore_facts(summary)
        : (kOther[summary.command]?.(summary) ?? []);
  return facts(rows);
}

export const job_columns = [
  {
    title: 'Job',
    cell: (job) => [
      el('a', { href: link('jobs', job.id), 'data-key': job.id }, el('bdi', {}, job.title)),
      job.reason && el('span', { class: 'sub' }, el('bdi', {}, job.reason)),
    ],
  },
  { title: 'Result', cell: job_badge },
  { title: 'Began', cell: (job) => relative(job.started ?? job.queued) },
  { title: 'Took', class: 'number', cell: (job) => duration(job.seconds) },
  {
    title: 'Problems',
    class: 'number',
    cell: (job) => (job.problems ? format.count(job.problems) : ''),
  },
  { title: 'By', cell: (job) => el('bdi', {}, job.by) },
];

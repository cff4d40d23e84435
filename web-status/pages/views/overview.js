// How things are, in a sentence, and what to do next.
import { get } from '../api.js';
import { el } from '../dom.js';
import { live } from '../events.js';
import * as format from '../format.js';
import { icon, kind_of } from '../icons.js';
import { live_job } from '../job_parts.js';
import {
  badge,
  duration,
  empty,
  facts,
  figures,
  job_badge,
  moment,
  name,
  panel,
  relative,
  shares,
  size,
} from '../parts.js';
import { plot } from '../plots.js';
import { region } from '../region.js';
import { link } from '../router.js';
import { table } from '../table.js';

export const title = 'Overview';

export async function show({ main, signal, session }) {
  const load = async () => {
    const [status, storage, alerts] = await Promise.all([
      get('status', {}, signal),
      get('storage', {}, signal),
      get('alerts', { limit: 5 }, signal),
    ]);
    return { status, storage, alerts: alerts.alerts.filter((alert) => alert.closed === null) };
  };
  let shown = null; // ends with what is shown: plots and running jobs listen until then
  const part = region({
    load,
    signal,
    render: (data) => {
      shown?.abort();
      shown = new AbortController();
      signal.addEventListener('abort', () => shown.abort(), { once: true, signal: shown.signal });
      return render(data, session, shown.signal, () => part.reload());
    },
  });
  // One that has begun is not shown yet.
  live.addEventListener(
    'job',
    ({ detail }) => {
      if (detail.state !== 'ended' && !known_running.has(detail.id)) part.reload();
    },
    { signal },
  );
  main.append(part.node);
  await part.first;
}

let known_running = new Set();

function render({ status, storage, alerts }, session, signal, reload) {
  known_running = new Set(status.running.map((job) => job.id));
  return [
    state_line(status),
    el(
      'div',
      { class: 'packed' },
      mailboxes_panel(status),
      last_run_panel(status),
      running_panel(status, session, signal, reload),
      alerts_panel(status, alerts),
      next_runs_panel(status),
      store_panel(status.store, storage, signal),
      verification_panel(status),
      throttling_panel(status),
    ),
    el('p', { class: 'muted small' }, 'As of ', moment(status.time), `, coffer ${status.version}`),
  ];
}

function state_line(status) {
  const kind = kind_of(status.state);
  return el(
    'div',
    { class: `state-line ${kind}` },
    icon(kind),
    el('h1', { tabindex: -1 }, status.sentence),
    status.action &&
      el('p', {}, el('strong', {}, 'Next: '), status.action, ' ', ...next_links(status)),
  );
}

// Where what is to be done can be done.
function next_links({ mailboxes, alerts_open }) {
  const links = [];
  if (mailboxes.unprotected + mailboxes.at_risk > 0) {
    const state = mailboxes.unprotected > 0 ? 'unprotected' : 'at_risk';
    links.push(
      el('a', { href: link('mailboxes', null, { state }), 'data-key': 'who' }, 'Who, and why'),
    );
  }
  if (alerts_open > 0) {
    if (links.length > 0) links.push(' · ');
    links.push(el('a', { href: link('alerts'), 'data-key': 'alerts' }, 'Open alerts'));
  }
  return links;
}

function mailboxes_panel({ mailboxes, oldest, discovered }) {
  const to = (state) =>
    el(
      'a',
      { href: link('mailboxes', null, { state }), 'data-key': `to-${state}` },
      format.count(mailboxes[state]),
    );
  return panel(
    'Mailboxes',
    { aside: el('a', { href: link('mailboxes'), 'data-key': 'all' }, 'All mailboxes') },
    shares([
      ['good', mailboxes.protected],
      ['warn', mailboxes.at_risk],
      ['bad', mailboxes.unprotected],
      ['rest', mailboxes.excluded + mailboxes.unsupported],
    ]),
    figures([
      [badge('protected'), to('protected')],
      [badge('at_risk'), to('at_risk')],
      [badge('unprotected'), to('unprotected')],
    ]),
    facts([
      [
        'Left out',
        el('span', {}, to('excluded'), ' excluded, ', to('unsupported'), ' unsupported'),
      ],
      [
        'Oldest good backup',
        oldest &&
          el(
            'span',
            {},
            relative(oldest.last_good_backup),
            `, promised within ${format.duration(oldest.promised_seconds)}`,
            el(
              'span',
              { class: 'sub' },
              el(
                'a',
                { href: link('mailboxes', oldest.mailbox), 'data-key': 'oldest' },
                name(oldest.mailbox),
              ),
            ),
          ),
      ],
      ['Looked up', relative(discovered)],
    ]),
  );
}

function last_run_panel({ last_run: job }) {
  if (!job) return panel('Last backup', {}, empty('No backup has run yet.'));
  const { summary } = job;
  return panel(
    'Last backup',
    { aside: job_badge(job) },
    el('p', {}, el('a', { href: link('jobs', job.id), 'data-key': 'last-run' }, name(job.title))),
    facts([
      ['Ended', el('span', {}, relative(job.ended), ', after ', duration(job.seconds))],
      summary && [
        'Mailboxes',
        `${format.count(summary.mailboxes.complete)} complete` +
          Object.entries(summary.mailboxes)
            .filter(([key, value]) => key !== 'complete' && value > 0)
            .map(([key, value]) => `, ${format.count(value)} ${key}`)
            .join(''),
      ],
      summary && [
        'Items',
        `${format.count(summary.items.stored)} new, ` +
          `${format.count(summary.items.failed)} failed, ` +
          `of ${format.count(summary.items.listed)}`,
      ],
      summary && ['Stored', size(summary.bytes.stored)],
      job.error && ['Reason', job.error.message],
    ]),
  );
}

function running_panel({ running }, session, signal, on_end) {
  return panel(
    'Running now',
    { aside: el('a', { href: link('jobs'), 'data-key': 'jobs' }, 'All jobs') },
    running.length === 0
      ? empty('Nothing runs.')
      : running
          .slice(0, 3)
          .map((job) => live_job(job, { signal, session, on_end, is_brief: true })),
  );
}

function alerts_panel({ alerts_open }, alerts) {
  return panel(
    'Alerts',
    {
      aside: el(
        'a',
        { href: link('alerts'), 'data-key': 'all-alerts' },
        `${format.count(alerts_open)} open`,
      ),
    },
    alerts.length === 0
      ? empty('Nothing is wrong.')
      : el(
          'ul',
          { class: 'list' },
          alerts.map((alert) =>
            el(
              'li',
              {},
              el(
                'span',
                {},
                badge(alert.severity),
                ' ',
                name(alert.message),
                el('span', { class: 'muted small' }, ' ', relative(alert.opened)),
              ),
            ),
          ),
        ),
  );
}

const kRuns = {
  backup: 'Backup',
  forget: 'Retention',
  prune: 'Pruning',
  check: 'Check',
  drill: 'Drill',
  copy: 'Copy',
};

function next_runs_panel({ next_runs }) {
  if (next_runs.length === 0) return panel('Next runs', {}, empty('No policy has a schedule.'));
  return panel(
    'Next runs',
    {},
    table(
      'Next runs',
      [
        {
          title: 'What',
          cell: (run) => [kRuns[run.command] ?? run.command, run.policy && name(` ${run.policy}`)],
        },
        { title: 'When', cell: (run) => relative(run.next) },
        {
          title: 'Window',
          cell: (run) =>
            el('span', { class: 'nowrap' }, run.window.length ? run.window.join(', ') : 'any time'),
        },
      ],
      next_runs,
    ),
  );
}

function store_panel(store, storage, signal) {
  const { trend } = storage;
  return panel(
    'Store',
    { aside: el('a', { href: link('storage'), 'data-key': 'storage' }, 'Storage') },
    figures([
      ['Stored', size(store.stored_bytes)],
      ['Free', size(store.free_bytes)],
      ['Disk full', store.full_on === null ? 'not in sight' : format.day(store.full_on)],
    ]),
    trend.length > 1 &&
      plot({
        label: `Stored bytes over ${format.counted(trend.length, 'day')}`,
        signal,
        height: 120,
        has_table: false,
        times: trend.map((each) => each.time),
        series: [
          { label: 'Stored', values: trend.map((each) => each.stored_bytes), format: format.size },
        ],
      }),
    facts([
      [
        'Mail behind it',
        el(
          'span',
          {},
          size(store.logical_bytes),
          ` in ${format.count(store.items)} items, ` +
            `${format.count(store.snapshots)} restore points`,
        ),
      ],
      ['Deduplication', format.factor(store.dedup_factor)],
      ['Compression', format.factor(store.compression_factor)],
      [
        'Growth',
        store.growth_bytes_per_day === null
          ? 'not known yet'
          : `${format.size(store.growth_bytes_per_day)} a day`,
      ],
      ['Index', size(store.index_bytes)],
    ]),
  );
}

export function verification_facts(verification) {
  return facts([
    ['Structure', relative(verification.structure)],
    ['Checksums', relative(verification.scrub)],
    ['Every byte', relative(verification.full)],
    ['Restore drill', relative(verification.drill)],
    ['Longest unverified', duration(verification.oldest_unverified_seconds)],
    [
      'Errors',
      el(
        'span',
        { class: verification.errors > 0 ? 'bad' : null },
        format.count(verification.errors),
      ),
    ],
  ]);
}

const verification_panel = ({ verification }) =>
  panel(
    'Last verified',
    {
      aside: badge(
        verification.errors > 0 ? 'bad' : 'good',
        verification.errors > 0 ? 'Damage found' : 'No damage',
      ),
    },
    verification_facts(verification),
  );

const throttling_panel = ({ throttled }) =>
  panel(
    'Lost to throttling',
    {},
    figures([
      ['Last run', duration(throttled.last_run_seconds)],
      ['Seven days', duration(throttled.week_seconds)],
    ]),
    el('p', { class: 'muted small' }, 'Waiting that Microsoft asked for, over all mailboxes.'),
  );

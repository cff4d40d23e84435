// The store: how it grows, when it was verified, what is held, where its copies are.
import { get, post } from '../api.js';
import { tell } from '../dialogs.js';
import { el } from '../dom.js';
import * as format from '../format.js';
import { holds_table } from '../holds.js';
import {
  badge,
  empty,
  figures,
  head,
  may,
  name,
  panel,
  relative,
  role_note,
  size,
} from '../parts.js';
import { plot } from '../plots.js';
import { region } from '../region.js';
import { go, link } from '../router.js';
import { table } from '../table.js';
import { verification_facts } from './overview.js';

export const title = 'Storage';

export async function show({ main, signal, session }) {
  let shown = null;
  const page = region({
    signal,
    load: () => get('storage', {}, signal),
    render: (storage) => {
      shown?.abort();
      shown = new AbortController();
      signal.addEventListener('abort', () => shown.abort(), { once: true, signal: shown.signal });
      return render(storage, session, shown.signal);
    },
  });
  const holds = holds_list(session, signal);
  main.append(
    head('Storage', {
      actions: [el('a', { class: 'button', href: link('retention') }, 'Retention simulator')],
    }),
    role_note(session, ['operator', 'verifying and copying'], ['admin', 'ending holds']) || '',
    page.node,
    panel('Holds', {}, holds.node),
  );
  await Promise.all([page.first, holds.first]);
}

function render({ now, trend, verification, copies }, session, signal) {
  return [
    panel(
      'Now',
      {},
      figures([
        ['Stored', size(now.stored_bytes), `and ${format.size(now.index_bytes)} of index`],
        ['Free', size(now.free_bytes)],
        [
          'Disk full',
          now.full_on === null ? 'not in sight' : format.day(now.full_on),
          now.growth_bytes_per_day === null
            ? null
            : `at ${format.size(now.growth_bytes_per_day)} a day`,
        ],
        ['Mail behind it', size(now.logical_bytes), format.counted(now.items, 'item')],
        ['Deduplication', format.factor(now.dedup_factor)],
        ['Compression', format.factor(now.compression_factor)],
        [
          'Restore points',
          format.count(now.snapshots),
          `of ${format.counted(now.mailboxes, 'mailbox', 'mailboxes')}`,
        ],
        ['Packs', format.count(now.packs), format.counted(now.chunks, 'chunk')],
      ]),
    ),
    trend.length > 1
      ? trends(trend, signal)
      : panel('Trend', {}, empty('It takes two days to show a trend.')),
    el(
      'div',
      { class: 'grid' },
      verification_panel(verification, session),
      copies_panel(copies, session),
    ),
  ];
}

function trends(trend, signal) {
  const times = trend.map((each) => each.time);
  const series = (label, key, shown = format.size) => ({
    label,
    values: trend.map((each) => each[key]),
    format: shown,
    ...(shown === format.count && { axis_format: format.short_count }),
  });
  const days = format.counted(trend.length, 'day');
  return el(
    'div',
    { class: 'grid trends' },
    panel(
      'Stored and unique',
      {},
      plot({
        label: `Stored and unique bytes over ${days}`,
        times,
        signal,
        series: [series('Stored', 'stored_bytes'), series('Unique', 'unique_bytes')],
      }),
    ),
    panel(
      'Free',
      {},
      plot({
        label: `Free bytes over ${days}`,
        times,
        signal,
        from_zero: true,
        series: [series('Free', 'free_bytes')],
      }),
    ),
    panel(
      'Mail behind it',
      {},
      plot({
        label: `Logical bytes over ${days}`,
        times,
        signal,
        series: [series('Logical', 'logical_bytes')],
      }),
    ),
    panel(
      'Items and restore points',
      {},
      plot({
        label: `Items and restore points over ${days}`,
        times,
        signal,
        series: [
          series('Items', 'items', format.count),
          { ...series('Restore points', 'snapshots', format.count), scale: 'points' },
        ],
      }),
    ),
  );
}

async function start(body) {
  try {
    const job = await post('jobs', body);
    go(link('jobs', job.id));
  } catch (error) {
    tell(`It did not begin: ${error.message}`);
  }
}

const button = (text, body, key) =>
  el('button', { type: 'button', 'data-key': key, on: { click: () => start(body) } }, text);

function verification_panel(verification, session) {
  return panel(
    'Last verified',
    {
      aside: badge(
        verification.errors > 0 ? 'bad' : 'good',
        verification.errors > 0 ? 'Damage found' : 'No damage',
      ),
    },
    verification_facts(verification),
    may(session, 'operator') &&
      el(
        'div',
        { class: 'row' },
        button('Check structure', { command: 'check', level: 'structure' }, 'check'),
        button('Check checksums', { command: 'check', level: 'scrub' }, 'scrub'),
        button('Check every byte', { command: 'check', level: 'full' }, 'full'),
        button('Restore drill', { command: 'drill', count: 50 }, 'drill'),
      ),
  );
}

function copies_panel(copies, session) {
  return panel(
    'Copies',
    {},
    copies.length === 0
      ? empty('There is no second store. A copy elsewhere survives the loss of this machine.')
      : table(
          'Copies',
          [
            { title: 'To', cell: (copy) => name(copy.to) },
            { title: 'Result', cell: (copy) => badge(copy.status) },
            { title: 'When', cell: (copy) => relative(copy.time) },
            {
              title: 'Restore points',
              class: 'number',
              cell: (copy) => format.count(copy.snapshots),
            },
            may(session, 'operator') && {
              title: '',
              label: 'Copy now',
              cell: (copy) =>
                el(
                  'button',
                  {
                    type: 'button',
                    class: 'plain',
                    'data-key': `copy-${copy.to}`,
                    'aria-label': `Copy to ${copy.to} now`,
                    on: { click: () => start({ command: 'copy', to: copy.to }) },
                  },
                  'Copy now',
                ),
            },
          ].filter(Boolean),
          copies,
        ),
  );
}

function holds_list(session, signal) {
  const list = region({
    signal,
    load: () => get('holds', { limit: 1000 }, signal),
    render: ({ holds, next }) =>
      holds.length === 0
        ? empty('Nothing is held.')
        : [
            holds_table(holds, session, () => list.reload()),
            next !== null && empty('Only the first thousand are shown.'),
          ],
  });
  return list;
}

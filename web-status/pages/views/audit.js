// Who did what: the audit log, newest first.
import { get } from '../api.js';
import { el } from '../dom.js';
import { badge, field, head, moment, name, panel } from '../parts.js';
import { note_query } from '../router.js';
import { list_of, paged_table } from '../table.js';

export const title = 'Audit';

const text_of = (value) =>
  Array.isArray(value)
    ? value.map(text_of).join(', ')
    : value !== null && typeof value === 'object'
      ? JSON.stringify(value)
      : String(value ?? '–');

const columns = [
  { title: 'Time', class: 'short', cell: (entry) => moment(entry.time) },
  {
    title: 'Who',
    cell: (entry) => [
      name(entry.by.user),
      entry.by.login && el('span', { class: 'sub' }, 'as ', name(entry.by.login)),
      el('span', { class: 'sub' }, 'on ', name(entry.by.host)),
    ],
  },
  { title: 'What', cell: (entry) => name(entry.action) },
  { title: 'Result', cell: (entry) => badge(entry.result) },
  { title: 'Reason', cell: (entry) => entry.reason && name(entry.reason) },
  {
    title: 'More',
    cell: (entry) => {
      const rows = Object.entries(entry.what ?? {});
      return rows.length === 0
        ? ''
        : el(
            'span',
            { class: 'small' },
            rows.map(([key, value]) => `${key} ${text_of(value)}`).join(' · '),
          );
    },
  },
  { title: 'No.', class: 'number', cell: (entry) => String(entry.sequence) },
];

export async function show({ main, query, signal }) {
  const filter = { since: query.since ?? '' };
  const list = paged_table({
    caption: 'Audit log, newest first',
    columns,
    signal,
    noun: ['entry', 'entries'],
    none: 'Nothing is written down for that time.',
    load: list_of(
      get,
      'audit',
      'audit',
      () => ({ since: filter.since && new Date(`${filter.since}T00:00:00`).toISOString() }),
      signal,
    ),
  });
  const since = el('input', { type: 'date', value: filter.since });
  since.addEventListener('change', () => {
    filter.since = since.value;
    note_query(filter);
    list.reload(false);
  });
  main.append(
    head('Audit log', {
      below: el(
        'p',
        { class: 'muted' },
        'Each entry is chained to the one before it; ',
        el('code', {}, 'coffer audit --verify'),
        ' checks the chain.',
      ),
    }),
    panel('Entries', {}, el('div', { class: 'toolbar' }, field('Since', since)), list.node),
  );
  await list.first;
}

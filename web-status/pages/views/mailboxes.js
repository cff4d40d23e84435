// All mailboxes, a page at a time; who is not protected, and why.
import { get } from '../api.js';
import { el, replace } from '../dom.js';
import * as format from '../format.js';
import {
  badge,
  debounced,
  field,
  head,
  mailbox_name,
  name,
  panel,
  promise,
  select,
  size,
} from '../parts.js';
import { region } from '../region.js';
import { link, note_query } from '../router.js';
import { list_of, paged_table, table } from '../table.js';

export const title = 'Mailboxes';

const kStates = ['', 'unprotected', 'at_risk', 'protected', 'excluded', 'unsupported'];
const kTitles = {
  unprotected: 'Who is not protected, and why',
  at_risk: 'Whose backup is older than promised, and why',
  excluded: 'Who is left out on purpose',
  unsupported: 'Who cannot be backed up, and why',
};

const has_content = (state) => !['unprotected', 'excluded', 'unsupported'].includes(state);
const columns = (state) =>
  [
    { title: 'Mailbox', cell: mailbox_name },
    {
      title: 'State',
      cell: (mailbox) => [
        badge(mailbox.state),
        !state && mailbox.reason && el('span', { class: 'sub' }, name(mailbox.reason)),
      ],
    },
    state &&
      state !== 'protected' && {
        title: 'Reason',
        cell: (mailbox) => mailbox.reason && name(mailbox.reason),
      },
    { title: 'Last good backup', cell: promise },
    {
      title: 'Policy',
      cell: (mailbox) =>
        mailbox.policy === null ? el('span', { class: 'muted' }, 'none') : name(mailbox.policy),
    },
    has_content(state) && {
      title: 'Items',
      class: 'number',
      cell: (mailbox) => format.count(mailbox.items),
    },
    has_content(state) && {
      title: 'Size',
      class: 'number',
      cell: (mailbox) => size(mailbox.bytes),
    },
    {
      title: 'Restore points',
      class: 'number',
      cell: (mailbox) => [
        format.count(mailbox.snapshots),
        mailbox.held && el('span', { class: 'sub' }, 'held'),
      ],
    },
  ].filter(Boolean);

function state_links(query, counts) {
  return el(
    'nav',
    { class: 'choices', 'aria-label': 'States' },
    kStates.map((state) =>
      el(
        'a',
        {
          href: link('mailboxes', null, { ...query, state, reason: '' }),
          'data-key': `state-${state}`,
          'aria-current': (query.state ?? '') === state ? 'true' : null,
        },
        state === '' ? 'All' : format.word(state),
        counts &&
          el('span', { class: 'muted' }, format.count(counts[state === '' ? 'total' : state])),
      ),
    ),
  );
}

// How many mailboxes have the same reason: one remedy often helps them all.
function reasons_panel(reasons, query) {
  const own = (reasons ?? []).filter((each) => each.state === query.state);
  if (own.length === 0) return null;
  return panel(
    'Why',
    {},
    table(
      'Reasons',
      [
        {
          title: 'Reason',
          cell: (each) =>
            el(
              'a',
              {
                href: link('mailboxes', null, { state: query.state, reason: each.reason }),
                'data-key': each.reason,
                'aria-current': query.reason === each.reason ? 'true' : null,
              },
              name(each.reason),
            ),
        },
        { title: 'Mailboxes', class: 'number', cell: (each) => format.count(each.mailboxes) },
      ],
      own,
    ),
    query.reason &&
      el(
        'p',
        {},
        'Only those below: ',
        name(query.reason),
        ' · ',
        el(
          'a',
          { href: link('mailboxes', null, { state: query.state }), 'data-key': 'all-reasons' },
          'all reasons',
        ),
      ),
  );
}

async function policies(signal) {
  const { schedule } = await get('schedule', { limit: 1000 }, signal);
  return [...new Set(schedule.map((run) => run.policy).filter((policy) => policy !== null))];
}

export async function show({ main, query, signal }) {
  const filter = { ...query };
  const counts = region({
    signal,
    load: () => get('status', {}, signal),
    render: (status) => [
      state_links(filter, status.mailboxes),
      reasons_panel(status.reasons, filter),
    ],
  });
  const list = paged_table({
    caption: 'Mailboxes',
    columns: columns(query.state),
    signal,
    noun: ['mailbox', 'mailboxes'],
    none: 'No mailbox is like this.',
    load: list_of(get, 'mailboxes', 'mailboxes', () => filter, signal),
  });
  const narrow = () => {
    note_query(filter);
    list.reload(false);
  };
  const search = el('input', {
    type: 'search',
    value: query.search ?? '',
    autocomplete: 'off',
    spellcheck: 'false',
  });
  search.addEventListener(
    'input',
    debounced(() => {
      filter.search = search.value.trim();
      narrow();
    }),
  );
  const policy_place = el('div', { class: 'field' });
  main.append(
    head(kTitles[query.state] ?? 'Mailboxes'),
    counts.node,
    el(
      'form',
      { class: 'toolbar', role: 'search', on: { submit: (event) => event.preventDefault() } },
      field('Address or name', search, { grow: true }),
      policy_place,
    ),
    el('div', { class: 'panel' }, list.node),
  );
  await Promise.all([counts.first, list.first, show_policies()]);

  async function show_policies() {
    const names = await policies(signal);
    if (names.length < 2) return;
    const choice = select([['', 'any'], ...names.map((each) => [each, each])], {
      value: query.policy ?? '',
    });
    choice.addEventListener('change', () => {
      filter.policy = choice.value;
      narrow();
    });
    replace(policy_place, ...field('Policy', choice).childNodes);
  }
}

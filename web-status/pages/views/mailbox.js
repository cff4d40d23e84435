// One mailbox: its restore points, what each night brought, problems, holds.
import { get, part, post } from '../api.js';
import { calendar } from '../calendar.js';
import { tell } from '../dialogs.js';
import { el, replace } from '../dom.js';
import * as format from '../format.js';
import { add_hold, holds_table } from '../holds.js';
import {
  badge,
  empty,
  facts,
  head,
  may,
  moment,
  name,
  notice,
  panel,
  promise,
  relative,
  role_note,
  size,
} from '../parts.js';
import { plot } from '../plots.js';
import { region } from '../region.js';
import { go, link } from '../router.js';
import { table } from '../table.js';

export const title = 'Mailbox';

const kNights = 30; // rows at first

export async function show({ main, part: id, signal, session }) {
  let shown = null;
  const page = region({
    signal,
    load: () => get(`mailboxes/${part(id)}`, {}, signal),
    render: (mailbox) => {
      shown?.abort();
      shown = new AbortController();
      signal.addEventListener('abort', () => shown.abort(), { once: true, signal: shown.signal });
      document.title = `${mailbox.display_name ?? mailbox.address} – coffer`;
      return render(mailbox, session, shown.signal, () => page.reload());
    },
  });
  main.append(page.node);
  await page.first;
}

function render(mailbox, session, signal, reload) {
  return [
    head(name(mailbox.display_name ?? mailbox.address), {
      below: el('p', { class: 'muted' }, name(mailbox.address)),
      actions: actions(mailbox, session),
    }),
    role_note(session, ['operator', 'backing up and restoring'], ['admin', 'holding']),
    el(
      'div',
      { class: 'split' },
      el('div', { class: 'stack' }, points_panel(mailbox, signal), problems_panel(mailbox)),
      el('div', { class: 'stack' }, state_panel(mailbox), holds_panel(mailbox, session, reload)),
    ),
    nights_panel(mailbox),
  ];
}

function actions(mailbox, session) {
  const can_back_up = may(session, 'operator') && mailbox.mailbox_id !== null;
  return [
    mailbox.nights.length > 0 &&
      may(session, 'operator') &&
      el(
        'a',
        {
          class: 'button primary',
          'data-key': 'restore',
          href: link('restore', null, { mailbox: mailbox.mailbox_id }),
        },
        'Restore',
      ),
    can_back_up &&
      el(
        'button',
        {
          type: 'button',
          'data-key': 'backup',
          on: {
            click: async () => {
              try {
                const job = await post('jobs', { command: 'backup', mailboxes: [mailbox.address] });
                go(link('jobs', job.id));
              } catch (error) {
                tell(`The backup did not begin: ${error.message}`);
              }
            },
          },
        },
        'Back up now',
      ),
  ];
}

function state_panel(mailbox) {
  return panel(
    'State',
    { aside: badge(mailbox.state) },
    mailbox.reason &&
      notice(
        mailbox.state === 'at_risk' ? 'warn' : mailbox.state === 'unprotected' ? 'bad' : 'quiet',
        el('p', {}, name(mailbox.reason)),
      ),
    facts([
      ['Last good backup', promise(mailbox)],
      ['Policy', mailbox.policy === null ? 'none' : name(mailbox.policy)],
      ['Items', format.count(mailbox.items)],
      ['Size', size(mailbox.bytes)],
      ['Restore points', format.count(mailbox.snapshots)],
      ['Kind', mailbox.purpose],
      ['Tenant', name(mailbox.tenant)],
      ['Id', mailbox.mailbox_id && el('code', {}, mailbox.mailbox_id)],
    ]),
  );
}

function holds_panel(mailbox, session, reload) {
  return panel(
    'Holds',
    {},
    mailbox.holds.length === 0
      ? empty('No hold: retention may remove restore points.')
      : holds_table(mailbox.holds, session, reload),
    may(session, 'admin') &&
      mailbox.nights.length > 0 &&
      el(
        'div',
        {},
        el(
          'button',
          {
            type: 'button',
            'data-key': 'hold',
            on: { click: () => add_hold(mailbox.address, reload) },
          },
          'Hold this mailbox',
        ),
      ),
  );
}

function points_panel(mailbox, signal) {
  const { nights } = mailbox;
  if (nights.length === 0)
    return panel('Restore points', {}, empty('There is no restore point yet.'));
  const chosen_place = el('div', { role: 'status' });
  const choose = (night) => replace(chosen_place, night_facts(mailbox, night));
  const months = calendar({ nights, chosen: nights.at(-1).id, signal, on_choose: choose });
  choose(nights.at(-1));
  return panel(
    'Restore points',
    { aside: `${format.count(nights.length)} since ${format.day(nights[0].time)}` },
    nights.length > 1 &&
      plot({
        label: `Items and bytes of ${format.counted(nights.length, 'restore point')}`,
        signal,
        times: nights.map((night) => night.time),
        series: [
          {
            label: 'Items',
            values: nights.map((night) => night.items),
            format: format.count,
            axis_format: format.short_count,
          },
          {
            label: 'Bytes',
            values: nights.map((night) => night.bytes),
            format: format.size,
            scale: 'bytes',
          },
        ],
      }),
    months,
    chosen_place,
  );
}

function night_facts(mailbox, night) {
  return el(
    'div',
    { class: 'stack' },
    el('h3', {}, 'Chosen: ', moment(night.time)),
    facts([
      [
        'State',
        badge(
          night.complete ? 'complete' : 'partial',
          night.complete ? 'Complete' : 'Not complete',
        ),
      ],
      ['Items', `${format.count(night.items)}, ${format.size(night.bytes)}`],
      ['Held', night.held ? 'yes' : null],
      ['Last verified', relative(night.last_verified)],
      ['Id', el('code', {}, night.id)],
    ]),
    el(
      'p',
      {},
      el(
        'a',
        { href: link('restore', null, { mailbox: mailbox.mailbox_id, at: night.id }) },
        'Look into this restore point',
      ),
    ),
  );
}

function problems_panel(mailbox) {
  const { problems } = mailbox;
  return panel(
    'Problems of the last run',
    {},
    problems.length === 0
      ? empty('None.')
      : table(
          'Problems',
          [
            {
              title: 'Folder',
              cell: (problem) => problem.folder && name(format.shown_path(problem.folder)),
            },
            {
              title: 'What',
              cell: (problem) => [
                name(problem.message),
                problem.code && el('span', { class: 'sub' }, el('code', {}, problem.code)),
              ],
            },
            { title: 'Then', cell: (problem) => problem.next },
          ],
          problems,
        ),
  );
}

function nights_panel(mailbox) {
  const newest = [...mailbox.nights].reverse();
  if (newest.length === 0) return null;
  const place = el('div', { class: 'stack' });
  const columns = [
    { title: 'Time', class: 'short', cell: (night) => moment(night.time) },
    { title: 'Items', class: 'number', cell: (night) => format.count(night.items) },
    { title: 'Change', class: 'number', cell: (night) => change_of(newest, night) },
    { title: 'Size', class: 'number', cell: (night) => size(night.bytes) },
    {
      title: 'State',
      cell: (night) =>
        badge(
          night.complete ? 'complete' : 'partial',
          night.complete ? 'Complete' : 'Not complete',
        ),
    },
    { title: 'Held', cell: (night) => (night.held ? 'yes' : '') },
    { title: 'Last verified', cell: (night) => relative(night.last_verified) },
    {
      title: '',
      label: 'Look into it',
      cell: (night) =>
        el(
          'a',
          {
            href: link('restore', null, { mailbox: mailbox.mailbox_id, at: night.id }),
            'aria-label': `Look into ${format.moment(night.time)}`,
          },
          'Look into it',
        ),
    },
  ];
  const rows = table('Nights, newest first', columns, newest.slice(0, kNights));
  let count = kNights;
  const more = el(
    'button',
    {
      type: 'button',
      'data-key': 'more-nights',
      on: {
        click: () => {
          rows.add(newest.slice(count, count + 100));
          count += 100;
          if (count >= newest.length) more.remove();
        },
      },
    },
    'Show more',
  );
  place.append(rows);
  if (newest.length > kNights) place.append(el('div', {}, more));
  return panel('Nights', {}, place);
}

function change_of(newest, night) {
  const before = newest[newest.indexOf(night) + 1];
  if (!before) return '';
  const change = night.items - before.items;
  return change === 0 ? '±0' : `${change > 0 ? '+' : '−'}${format.count(Math.abs(change))}`;
}

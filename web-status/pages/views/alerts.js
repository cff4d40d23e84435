// What is wrong, what to do about it, and who was told.
import { get, post } from '../api.js';
import { el, replace } from '../dom.js';
import { live } from '../events.js';
import {
  badge,
  error_notice,
  head,
  may,
  name,
  notice,
  panel,
  relative,
  role_note,
} from '../parts.js';
import { list_of, paged_table } from '../table.js';

export const title = 'Alerts';

const columns = [
  {
    title: 'What',
    cell: (alert) => [
      el('strong', {}, name(alert.message)),
      el('span', { class: 'sub' }, name(alert.subject)),
    ],
  },
  {
    title: 'State',
    cell: (alert) => (alert.closed === null ? badge(alert.severity) : badge('quiet', 'Over')),
  },
  {
    title: 'To do',
    cell: (alert) => (alert.closed === null && alert.next_step ? name(alert.next_step) : ''),
  },
  { title: 'Since', cell: (alert) => relative(alert.opened) },
  { title: 'Over since', cell: (alert) => (alert.closed === null ? '' : relative(alert.closed)) },
  {
    title: 'Told',
    cell: (alert) =>
      alert.sent.map((each) =>
        el(
          'div',
          { class: 'small' },
          name(each.to),
          each.problem && el('span', { class: 'bad' }, ` failed: ${each.problem}`),
        ),
      ),
  },
];

export async function show({ main, signal, session }) {
  const list = paged_table({
    caption: 'Alerts, open ones first',
    columns,
    signal,
    noun: ['alert', 'alerts'],
    none: 'Nothing is wrong, and nothing was.',
    load: list_of(get, 'alerts', 'alerts', () => ({}), signal),
  });
  live.addEventListener('alert', () => list.reload(), { signal });
  const result = el('div', { role: 'status' });
  main.append(
    head('Alerts', {
      actions: may(session, 'admin')
        ? [
            el(
              'button',
              { type: 'button', on: { click: () => send_test(result) } },
              'Send a test alert',
            ),
          ]
        : [],
    }),
    role_note(session, ['admin', 'sending a test alert']) || '',
    result,
    panel('Open ones first', {}, list.node),
  );
  await list.first;
}

async function send_test(result) {
  try {
    const { sent } = await post('alerts/test', {});
    replace(
      result,
      sent.length === 0
        ? notice('warn', el('p', {}, 'The configuration names nobody whom alerts go to.'))
        : sent.map((each) =>
            notice(
              each.problem ? 'bad' : 'good',
              el(
                'p',
                {},
                name(each.to),
                each.problem ? ` was not reached: ${each.problem}` : ' was sent a test alert',
              ),
            ),
          ),
    );
  } catch (error) {
    replace(result, error_notice(error));
  }
}

// Legal holds: what retention never removes.
import { part, post, remove } from './api.js';
import { ask, tell } from './dialogs.js';
import { el } from './dom.js';
import { field, may, moment, name } from './parts.js';
import { link } from './router.js';
import { table } from './table.js';

const reason_field = () =>
  field('Reason', el('textarea', { name: 'reason', required: true, maxlength: 1000 }), {
    hint: 'It goes into the audit log.',
  });

export async function add_hold(subject, on_done) {
  const is_done = await ask({
    title: 'Hold this mailbox?',
    content: [
      el(
        'p',
        {},
        'Retention will remove no restore point of ',
        name(subject),
        ' as long as the hold stands.',
      ),
      reason_field(),
    ],
    action: 'Hold',
    act: ({ reason }) => post('holds', { subject, reason }),
  });
  if (!is_done) return;
  tell('The hold stands.');
  on_done();
}

async function end_hold(hold, on_done) {
  const is_done = await ask({
    title: 'End this hold?',
    content: [
      el('p', {}, 'From then on retention may remove restore points of ', name(hold.subject), '.'),
      reason_field(),
    ],
    action: 'End the hold',
    is_danger: true,
    act: ({ reason }) => remove(`holds/${part(hold.id)}`, { reason }),
  });
  if (!is_done) return;
  tell('The hold has ended.');
  on_done();
}

export function holds_table(holds, session, on_change) {
  return table(
    'Holds',
    [
      {
        title: 'On',
        cell: (hold) => [
          el(
            'a',
            { href: link('mailboxes', hold.mailbox_id), 'data-key': `hold-${hold.id}` },
            name(hold.subject),
          ),
          hold.snapshot && el('span', { class: 'sub' }, `restore point ${hold.snapshot}`),
        ],
      },
      { title: 'Reason', cell: (hold) => hold.reason && name(hold.reason) },
      { title: 'Since', cell: (hold) => moment(hold.time) },
      may(session, 'admin') && {
        title: '',
        label: 'End it',
        cell: (hold) =>
          el(
            'button',
            {
              type: 'button',
              class: 'plain',
              'data-key': `end-${hold.id}`,
              'aria-label': `End the hold on ${hold.subject}`,
              on: { click: () => end_hold(hold, on_change) },
            },
            'End',
          ),
      },
    ].filter(Boolean),
    holds,
  );
}

// Restoring: a mailbox, a time, what of it, where to, a dry run, a reason, start.
import { get, part } from '../api.js';
import { calendar } from '../calendar.js';
import { el, replace } from '../dom.js';
import * as format from '../format.js';
import { mailbox_picker } from '../mailbox_picker.js';
import { badge, facts, head, may, moment, name, notice, panel, role_note } from '../parts.js';
import { plot } from '../plots.js';
import { basket, browser } from '../restore_contents.js';
import { draft_for } from '../restore_draft.js';
import { dry_run_step, start_step } from '../restore_start.js';
import { target_form } from '../restore_target.js';
import { go, link, note_query } from '../router.js';

export const title = 'Restore';

export async function show(context) {
  const { main, query, signal, session } = context;
  main.append(head('Restore'), role_note(session, ['operator', 'restoring']) || '');
  if (!query.mailbox) return choose_mailbox(main, signal);
  const mailbox = await get(`mailboxes/${part(query.mailbox)}`, {}, signal);
  if (mailbox.nights.length === 0) {
    main.append(
      notice(
        'warn',
        el('p', {}, name(mailbox.address), ' has no restore point: there is nothing to restore.'),
        el('a', { href: link('restore') }, 'Choose another mailbox'),
      ),
    );
    return;
  }
  await show_steps(mailbox, context);
}

async function choose_mailbox(main, signal) {
  const picker = mailbox_picker({
    label: 'Address or name',
    needs_points: true,
    signal,
    on_pick: (mailbox) => go(link('restore', null, { mailbox: mailbox.mailbox_id })),
  });
  main.append(el('div', { class: 'steps' }, panel('From which mailbox?', {}, picker.node)));
  await picker.first;
}

function mailbox_step(mailbox) {
  return panel(
    'From which mailbox?',
    {},
    el(
      'div',
      { class: 'row' },
      el('strong', {}, name(mailbox.display_name ?? mailbox.address)),
      el('span', { class: 'muted' }, name(mailbox.address)),
      el('a', { href: link('restore'), 'aria-label': 'Choose another mailbox' }, 'Choose another'),
    ),
  );
}

function night_line(night) {
  return facts([
    ['Chosen', el('strong', {}, moment(night.time))],
    [
      'State',
      badge(night.complete ? 'complete' : 'partial', night.complete ? 'Complete' : 'Not complete'),
    ],
    ['Items', `${format.count(night.items)}, ${format.size(night.bytes)}`],
  ]);
}

// `on_night(night)` once another one is chosen.
function time_step(mailbox, chosen, signal, on_night) {
  const { nights } = mailbox;
  const line = el('div', { role: 'status' }, night_line(chosen));
  return panel(
    'From which time?',
    {},
    nights.length > 1 &&
      plot({
        label: `Items in each of ${format.counted(nights.length, 'restore point')}`,
        signal,
        height: 120,
        has_table: false,
        times: nights.map((night) => night.time),
        series: [
          {
            label: 'Items',
            values: nights.map((night) => night.items),
            format: format.count,
            axis_format: format.short_count,
          },
        ],
      }),
    calendar({
      nights,
      chosen: chosen.id,
      signal,
      on_choose: (night) => {
        replace(line, night_line(night));
        on_night(night);
      },
    }),
    line,
  );
}

const lost_notice = (count) =>
  notice(
    'warn',
    el(
      'p',
      {},
      `${format.counted(count, 'item')} chosen from the other restore point ` +
        `${count === 1 ? 'is' : 'are'} no longer chosen; folders are.`,
    ),
  );

async function show_steps(mailbox, { main, query, signal, session }) {
  const { nights } = mailbox;
  const newest = nights.filter((night) => night.complete).at(-1) ?? nights.at(-1);
  const wanted = nights.find((night) => night.id === query.at);
  const draft = draft_for(mailbox, wanted ?? newest);
  if (draft.night.id !== (wanted ?? newest).id) draft.move_to(wanted ?? newest);
  const where = { mailbox: mailbox.mailbox_id, at: draft.night.id, folder: query.folder ?? '' };
  const contents = el('div', { class: 'split' });
  const lost = el('div', { role: 'status' });

  function show_contents() {
    const parts = browser({
      draft,
      folder: where.folder,
      signal,
      on_folder: (folder) => {
        where.folder = folder;
        note_query(where);
      },
    });
    const chosen =
      may(session, 'operator') &&
      basket({ draft, signal, on_removed: () => parts.open(where.folder) });
    replace(contents, parts.node, chosen);
    return parts.first;
  }

  const change_night = (night) => {
    const count = draft.move_to(night);
    where.at = night.id;
    note_query(where);
    replace(lost, count > 0 && lost_notice(count));
    show_contents();
  };

  const steps = el(
    'div',
    { class: 'steps' },
    mailbox_step(mailbox),
    time_step(mailbox, draft.night, signal, change_night),
    panel('What?', {}, lost, contents),
  );
  main.append(steps);
  if (wanted === undefined && query.at) {
    main.prepend(
      notice(
        'warn',
        el('p', {}, 'The restore point of this link is no longer there; the newest is shown.'),
      ),
    );
  }
  if (may(session, 'operator')) {
    const start = start_step({ draft, signal });
    steps.append(
      panel('Where to?', {}, target_form({ draft, signal })),
      panel(
        'What would happen?',
        {},
        dry_run_step({ draft, session, signal, on_plan: start.set_plan }),
      ),
      panel('Start', {}, start.node),
    );
  }
  await show_contents();
}

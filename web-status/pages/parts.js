// The parts that pages share: figures, states, panels, notices, fields.
import { el, new_id, svg } from './dom.js';
import * as format from './format.js';
import { icon, kind_of } from './icons.js';
import { link } from './router.js';

export const name = (text) => el('bdi', {}, text);
export const size = (bytes) =>
  el('span', { title: format.exact_size(bytes), class: 'nowrap' }, format.size(bytes));
export const duration = (seconds) =>
  el(
    'span',
    {
      class: 'nowrap',
      title: seconds === null || seconds === undefined ? null : `${format.count(seconds)} s`,
    },
    format.duration(seconds),
  );

const timed = (time, text) =>
  time === null || time === undefined
    ? el('span', { class: 'muted' }, 'never')
    : el('time', { datetime: time, title: format.utc(time) }, text(time));
export const moment = (time) => timed(time, format.moment);
export const relative = (time) => timed(time, (each) => format.relative(each));

export const badge = (state, text = format.word(state)) =>
  el('span', { class: `badge ${kind_of(state)}` }, icon(kind_of(state)), text);

// Its state, or how it ended.
export const job_badge = (job) => badge(job.state === 'ended' ? job.status : job.state);

export function panel(title, { aside = null, ...properties } = {}, ...children) {
  const id = new_id('panel');
  return el(
    'section',
    { ...properties, class: `panel ${properties.class ?? ''}`, 'aria-labelledby': id },
    el('header', {}, el('h2', { id }, title), aside),
    children,
  );
}

export const head = (title, { below = null, actions = [] } = {}) =>
  el(
    'div',
    { class: 'head' },
    el('div', { class: 'titles' }, el('h1', { tabindex: -1 }, title), below),
    actions.length > 0 && el('div', { class: 'row' }, actions),
  );

// [[term, value]...]; what has no value is left out.
const pairs = (rows) => rows.filter((row) => row && row[1] !== null && row[1] !== undefined);
export const facts = (rows) =>
  el(
    'dl',
    { class: 'facts' },
    pairs(rows).map(([term, value]) => [el('dt', {}, term), el('dd', {}, value)]),
  );
export const figures = (rows) =>
  el(
    'dl',
    { class: 'figures' },
    pairs(rows).map(([term, value, below]) =>
      el(
        'div',
        {},
        el('dt', {}, term),
        el('dd', {}, value, below && el('span', { class: 'muted' }, below)),
      ),
    ),
  );

export const notice = (kind, ...children) =>
  el('div', { class: `notice ${kind}` }, icon(kind), el('div', {}, children));
export const empty = (text) => el('p', { class: 'empty' }, text);

export function error_notice(error, retry) {
  const text = error.message.charAt(0).toUpperCase() + error.message.slice(1);
  const box = notice(
    'bad',
    el('p', {}, `${text}.`),
    error.context?.length > 0 && el('p', { class: 'muted small' }, error.context.join('; ')),
    retry &&
      el('button', { type: 'button', 'data-key': 'retry', on: { click: retry } }, 'Try again'),
  );
  box.setAttribute('role', 'alert');
  return box;
}

// Why something is not offered here: said once a page.
const kRanks = ['viewer', 'operator', 'admin'];
export const may = (session, role) => kRanks.indexOf(session.role) >= kRanks.indexOf(role);
export function role_note(session, ...offers) {
  const lacking = offers.filter(([role]) => !may(session, role));
  return (
    lacking.length > 0 &&
    el(
      'p',
      { class: 'muted small' },
      `You look at this as ${session.role}: `,
      lacking.map(([role, what]) => `${what} takes the role ${role}`).join(', '),
      '.',
    )
  );
}

// A labelled input, select or textarea. `hint` is read with it.
export function field(label, control, { hint = null, grow = false } = {}) {
  control.id ||= new_id('field');
  const hint_id = hint && `${control.id}-hint`;
  if (hint) control.setAttribute('aria-describedby', hint_id);
  return el(
    'div',
    { class: grow ? 'field grow' : 'field' },
    el('label', { for: control.id }, label),
    control,
    hint && el('span', { class: 'hint', id: hint_id }, hint),
  );
}

export const select = (options, properties = {}) =>
  el(
    'select',
    properties,
    options.map(([value, text]) => el('option', { value }, text)),
  );

// One of a group, or a checkbox, with what it means beside it.
export const option = (input, text, hint) =>
  el(
    'label',
    { class: 'option' },
    input,
    el('span', {}, text, hint && el('span', { class: 'muted small' }, ` ${hint}`)),
  );

// Parts of a whole, beside figures that say the same in words.
export function shares(parts) {
  const whole = parts.reduce((sum, [, value]) => sum + value, 0);
  let x = 0;
  const bars = parts.map(([kind, value]) => {
    const width = whole === 0 ? 0 : Math.max(value > 0 ? 0.6 : 0, (100 * value) / whole);
    const bar = svg('rect', { class: kind, x, y: 0, width, height: 8 });
    x += width;
    return bar;
  });
  return svg(
    'svg',
    {
      class: 'shares',
      viewBox: `0 0 ${Math.max(100, x)} 8`,
      preserveAspectRatio: 'none',
      'aria-hidden': 'true',
    },
    bars,
  );
}

export const mailbox_name = (mailbox) => {
  const text = mailbox.display_name ?? mailbox.address;
  const id = mailbox.mailbox_id ?? mailbox.address;
  return [
    el('a', { href: link('mailboxes', id), class: 'name', 'data-key': id }, name(text)),
    mailbox.display_name && el('span', { class: 'sub' }, name(mailbox.address)),
  ];
};

// How old the last good backup is, against what was promised.
export function promise(mailbox) {
  if (mailbox.last_good_backup === null) return el('span', { class: 'muted' }, 'never');
  const late = mailbox.promised_seconds !== null && mailbox.age_seconds > mailbox.promised_seconds;
  return el(
    'span',
    {},
    relative(mailbox.last_good_backup),
    mailbox.promised_seconds !== null &&
      el(
        'span',
        { class: late ? 'sub nowrap bad' : 'sub nowrap' },
        `promised within ${format.duration(mailbox.promised_seconds)}`,
      ),
  );
}

// Waits until typing has paused.
export function debounced(act, pause = 250) {
  let timer = 0;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => act(...values), pause);
  };
}

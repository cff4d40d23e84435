// Months of restore points. One stop for the Tab key; arrows go from one to the next, Page Up and
// Page Down a month, Home and End to the oldest and the newest.
import { el, new_id, replace } from './dom.js';
import * as format from './format.js';

const kWeekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

const month_of = (time) => {
  const date = new Date(time);
  return date.getFullYear() * 12 + date.getMonth();
};

function months_in_view() {
  if (innerWidth < 700) return 1;
  return innerWidth < 1800 ? 3 : 4;
}

// The newest restore point of each day; a complete one rather than another.
function by_day(nights) {
  const days = new Map();
  for (const night of nights) {
    const key = format.day_key(night.time);
    const other = days.get(key)?.night;
    const is_better = !other || night.complete || !other.complete;
    days.set(key, { night: is_better ? night : other, count: (days.get(key)?.count ?? 0) + 1 });
  }
  return days;
}

function label_of({ night, count }) {
  return [
    format.long_day(night.time),
    `${format.counted(night.items, 'item')}, ${format.size(night.bytes)}`,
    night.complete ? 'complete' : 'not complete',
    night.held && 'held',
    count > 1 && format.counted(count, 'restore point'),
  ]
    .filter(Boolean)
    .join(', ');
}

const kSteps = {
  ArrowLeft: -1,
  ArrowRight: 1,
  ArrowUp: -7,
  ArrowDown: 7,
  PageUp: -30,
  PageDown: 30,
};
const kWidths = ['(min-width: 700px)', '(min-width: 1800px)'];

class Calendar {
  constructor({ nights, chosen, on_choose, signal }) {
    this.node = el('div', { class: 'stack' });
    this.chosen = chosen;
    this.on_choose = on_choose;
    this.days = by_day(nights);
    this.points = [...this.days.values()].map((each) => each.night);
    this.oldest = month_of(nights[0].time);
    this.newest = month_of(nights.at(-1).time);
    this.current = this.points.find((night) => night.id === chosen) ?? this.points.at(-1);
    this.turn_to(month_of(this.current.time));
    for (const width of kWidths) {
      matchMedia(width).addEventListener('change', () => this.turn_to(this.last), { signal });
    }
  }

  // Shows the months up to this one.
  turn_to(month) {
    const earliest = Math.min(this.newest, this.oldest + months_in_view() - 1);
    this.last = Math.min(this.newest, Math.max(earliest, month));
    this.show();
  }

  day_cell(year, month, day) {
    const entry = this.days.get(format.day_key(new Date(year, month, day)));
    if (!entry) return el('td', {}, String(day));
    const { night } = entry;
    const kinds = [!night.complete && 'partial', night.held && 'held'].filter(Boolean).join(' ');
    const button = el(
      'button',
      {
        type: 'button',
        class: kinds || null,
        'aria-label': label_of(entry),
        title: label_of(entry),
        'aria-pressed': String(night.id === this.chosen),
        tabindex: night === this.current ? 0 : -1,
        'data-key': `day-${night.id}`,
        on: { click: () => this.choose(night) },
      },
      String(day),
    );
    return el('td', {}, button);
  }

  month_table(number) {
    const [year, month] = [Math.floor(number / 12), number % 12];
    const before = (new Date(year, month, 1).getDay() + 6) % 7;
    const length = new Date(year, month + 1, 0).getDate();
    const cells = [
      ...Array.from({ length: before }, () => el('td')),
      ...Array.from({ length }, (_, day) => this.day_cell(year, month, day + 1)),
    ];
    const rows = [];
    for (let at = 0; at < cells.length; at += 7) rows.push(el('tr', {}, cells.slice(at, at + 7)));
    const heads = kWeekdays.map((name) => el('th', { scope: 'col' }, name));
    return el(
      'table',
      { class: 'calendar' },
      el('caption', {}, format.month(new Date(year, month, 1))),
      el('thead', {}, el('tr', {}, heads)),
      el('tbody', {}, rows),
    );
  }

  turn_button(text, months, is_at_end) {
    return el(
      'button',
      {
        type: 'button',
        'data-key': text,
        disabled: is_at_end,
        on: { click: () => this.turn_to(this.last + months) },
      },
      text,
    );
  }

  show() {
    const shown = months_in_view();
    const first = Math.max(this.oldest, this.last - shown + 1);
    const is_in_view = (night) =>
      month_of(night.time) >= first && month_of(night.time) <= this.last;
    if (!is_in_view(this.current)) {
      this.current = this.points.filter(is_in_view).at(-1) ?? this.points.at(-1);
    }
    const id = new_id('calendar');
    const group = el(
      'div',
      { class: 'months', role: 'group', 'aria-label': 'Restore points', 'aria-describedby': id },
      Array.from({ length: this.last - first + 1 }, (_, number) =>
        this.month_table(first + number),
      ),
    );
    group.addEventListener('keydown', (event) => this.move(event));
    replace(
      this.node,
      el(
        'div',
        { class: 'row' },
        this.turn_button('Earlier', -shown, first <= this.oldest),
        this.turn_button('Later', shown, this.last >= this.newest),
        el('span', { class: 'muted small', id }, 'Arrow keys go from night to night.'),
      ),
      group,
      legend(),
    );
  }

  choose(night) {
    this.current = night;
    this.chosen = night.id;
    this.show();
    this.on_choose(night);
  }

  move(event) {
    const most = this.points.length - 1;
    const ends = { Home: -most, End: most };
    const step = kSteps[event.key] ?? ends[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const at = this.points.indexOf(this.current) + step;
    this.current = this.points[Math.min(most, Math.max(0, at))];
    const month = month_of(this.current.time);
    const is_in_view = month <= this.last && month > this.last - months_in_view();
    this.turn_to(is_in_view ? this.last : month);
    this.node.querySelector(`[data-key="day-${this.current.id}"]`)?.focus();
  }
}

// `nights`: restore points, oldest first; `chosen`: the id of one; `on_choose(night)`.
export const calendar = (settings) => new Calendar(settings).node;

const legend = () =>
  el(
    'p',
    { class: 'legend' },
    el('span', {}, el('i'), 'restore point'),
    el('span', {}, el('i', { class: 'partial' }), 'not complete'),
    el('span', {}, el('i', { class: 'held' }), 'held'),
  );

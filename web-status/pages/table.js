// Tables, and lists that are loaded a page at a time.
import { el, replace } from './dom.js';
import { live } from './events.js';
import * as format from './format.js';
import { empty, error_notice } from './parts.js';

function cell_of(column, record, is_first) {
  const content = column.cell(record);
  const is_empty = content === null || content === undefined || content === '';
  const kinds = [column.class, is_first && 'first', is_empty && 'is-empty']
    .filter(Boolean)
    .join(' ');
  return el(
    'td',
    { role: 'cell', 'data-label': column.title || null, class: kinds || null },
    content,
  );
}

const kFewColumns = 3;
const kRemOfColumn = 5.6;
const kRemOfFirst = 9;

// Columns that do not fit become cards, a row each.
function follow_room(node, columns) {
  if (columns.length <= kFewColumns) return;
  const watcher = new ResizeObserver(() => {
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const needed = (kRemOfFirst + columns.length * kRemOfColumn) * rem;
    node.classList.toggle('is-cards', node.clientWidth < needed);
  });
  watcher.observe(node);
}

const row_of = (columns, record) =>
  el(
    'tr',
    { role: 'row' },
    columns.map((column, number) => cell_of(column, record, number === 0)),
  );

// Columns: {title, cell(record), class}; `label` names a column whose title only ears need.
// The roles stand for those that a narrow layout takes away.
export function table(caption, columns, records) {
  const body = el(
    'tbody',
    { role: 'rowgroup' },
    records.map((record) => row_of(columns, record)),
  );
  const node = el(
    'div',
    { class: columns.length > kFewColumns ? 'table' : 'table few' },
    el(
      'table',
      { role: 'table' },
      el('caption', { class: 'for-ears' }, caption),
      el(
        'thead',
        { role: 'rowgroup' },
        el(
          'tr',
          { role: 'row' },
          columns.map((column) =>
            el(
              'th',
              { role: 'columnheader', scope: 'col', class: column.class },
              column.title || el('span', { class: 'for-ears' }, column.label),
            ),
          ),
        ),
      ),
      body,
    ),
  );
  follow_room(node, columns);
  return Object.assign(node, {
    add: (more) => body.append(...more.map((record) => row_of(columns, record))),
  });
}

const kPage = 50;
const kMost = 1000; // what the API gives at once

class PagedTable {
  #settings;
  #place = el('div', { class: 'stack' });
  #told = el('p', { class: 'muted small', role: 'status' });
  #shown = 0;
  #serial = 0;
  #rows = null;

  constructor(settings) {
    this.#settings = settings;
    this.node = el('div', { class: 'stack' }, this.#told, this.#place);
    const { events = ['status', 'back'], signal } = settings;
    for (const event of events) live.addEventListener(event, () => this.reload(), { signal });
    this.first = this.reload(false);
  }

  // `keep`: as many rows as are there now.
  reload(keep = true) {
    if (!keep) this.#shown = 0;
    return this.#load(null, Math.min(kMost, Math.max(kPage, this.#shown)));
  }

  async #load(after, limit) {
    const own = ++this.#serial;
    const { load, signal } = this.#settings;
    try {
      const page = await load(after, limit);
      if (own === this.#serial && !signal.aborted) this.#show(page, after === null);
    } catch (error) {
      if (own !== this.#serial || signal.aborted || error.name === 'AbortError') return;
      if (this.#shown > 0 && error.status === 0) return; // the banner says how old this is
      this.#told.textContent = '';
      const retry = () => this.reload(false);
      replace(this.#place, error_notice(error, retry));
    }
  }

  #show(page, is_first) {
    const { caption, columns, none } = this.#settings;
    const before = is_first ? 0 : this.#shown;
    this.#shown = before + page.records.length;
    this.#tell(page);
    if (this.#shown === 0 && page.next === null) return replace(this.#place, empty(none));
    const had_focus = this.#place.contains(document.activeElement);
    if (is_first) this.#rows = table(caption, columns, page.records);
    else this.#rows.add(page.records);
    replace(this.#place, this.#rows, this.#more_button(page.next));
    if (had_focus && !is_first && page.next === null) this.#focus_row(before);
  }

  #tell({ next, total }) {
    const { noun = ['entry', 'entries'] } = this.#settings;
    const what = `${format.count(this.#shown)} ${noun[this.#shown === 1 ? 0 : 1]}`;
    if (this.#shown === 0) this.#told.textContent = '';
    else if (next === null) this.#told.textContent = what;
    else if (typeof total !== 'number') this.#told.textContent = `${what} so far`;
    else {
      this.#told.textContent = `${format.count(this.#shown)} of ${format.count(total)} ${noun[1]}`;
    }
  }

  #more_button(next) {
    if (next === null) return null;
    const button = el('button', { type: 'button', 'data-key': 'more' }, 'Load more');
    button.addEventListener('click', () => {
      button.disabled = true;
      this.#load(next, kPage);
    });
    return el('div', { class: 'row' }, button);
  }

  #focus_row(number) {
    const row = this.#place.querySelectorAll('tbody tr')[number];
    row?.querySelector('a, button, input')?.focus();
  }
}

// A table of what `load(after, limit)` gives as {records, next, total}, with "load more" below.
// `none` is said of an empty one, `noun` counts. Loads what is shown again after `events`.
export const paged_table = (settings) => new PagedTable(settings);

// The loader of a list of the API.
export const list_of = (get, path, key, query, signal) => async (after, limit) => {
  const answer = await get(path, { ...query(), after, limit }, signal);
  return { records: answer[key], next: answer.next, total: answer.total };
};

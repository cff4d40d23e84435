// The contents of a restore point: folders to walk through, a search over all of it, and what has
// been chosen of both.
import { get } from './api.js';
import { el, replace } from './dom.js';
import * as format from './format.js';
import { debounced, empty, field, moment, name, option, select, size } from './parts.js';
import { list_of, paged_table } from './table.js';

const kTypes = [
  ['', 'anything'],
  ['IPM.Note', 'Mail'],
  ['IPM.Appointment', 'Appointments'],
  ['IPM.Contact', 'Contacts'],
  ['IPM.Task', 'Tasks'],
];

function title_of(record, open) {
  if (record.type === 'item') {
    return [
      record.subject ? name(record.subject) : el('span', { class: 'muted' }, '(no subject)'),
      record.has_attachments && el('span', { class: 'muted small' }, ' · attachments'),
    ];
  }
  return [
    el(
      'button',
      {
        type: 'button',
        class: 'plain',
        'data-key': `open-${record.path}`,
        on: { click: () => open(record.path) },
      },
      name(`${format.folder_name(record.path)} ›`),
    ),
  ];
}

function pick_box(record, draft) {
  const what =
    record.type === 'folder'
      ? `folder ${format.shown_path(record.path)}`
      : (record.subject ?? 'item without a subject');
  const box = el('input', {
    type: 'checkbox',
    checked: draft.has(record),
    disabled: draft.is_whole,
    'aria-label': `Choose ${what}`,
    on: { change: () => draft.toggle(record, box.checked) },
  });
  return box;
}

const columns = (draft, open, is_search) =>
  [
    {
      title: 'Name',
      cell: (record) =>
        el(
          'div',
          { class: 'option' },
          pick_box(record, draft),
          el('span', {}, title_of(record, open)),
        ),
    },
    is_search && {
      title: 'Folder',
      cell: (record) => name(format.shown_path(record.folder ?? record.path)),
    },
    { title: 'From', cell: (record) => (record.from ? name(record.from_name ?? record.from) : '') },
    {
      title: 'Received',
      cell: (record) =>
        record.type === 'folder' ? '' : moment(record.received ?? record.modified),
    },
    {
      title: 'Size',
      class: 'number',
      cell: (record) =>
        record.type === 'folder' ? format.counted(record.items, 'item') : size(record.size),
    },
  ].filter(Boolean);

function crumbs(path, open) {
  const parts = format.path_parts(path);
  const entry = (text, target, is_here) =>
    el(
      'li',
      {},
      is_here
        ? el('strong', { 'aria-current': 'location' }, name(text))
        : el(
            'button',
            {
              type: 'button',
              class: 'plain',
              'data-key': `crumb-${target}`,
              on: { click: () => open(target) },
            },
            name(text),
          ),
    );
  return el(
    'nav',
    { 'aria-label': 'Folder' },
    el(
      'ol',
      { class: 'crumbs' },
      entry('All folders', '', parts.length === 0),
      parts.map((_, number) => {
        const target = parts.slice(0, number + 1).join('/');
        return entry(format.folder_name(target), target, number === parts.length - 1);
      }),
    ),
  );
}

// A day of the viewer's, as the instant at which it begins or ends.
const instant = (day, time) => (day === '' ? '' : new Date(`${day}T${time}`).toISOString());

function search_form(on_search, on_clear) {
  const inputs = {
    subject: el('input', { type: 'search', autocomplete: 'off' }),
    from: el('input', { type: 'search', autocomplete: 'off' }),
    after: el('input', { type: 'date' }),
    before: el('input', { type: 'date' }),
    type: select(kTypes),
  };
  const read = () => ({
    subject: inputs.subject.value.trim(),
    from: inputs.from.value.trim(),
    type: inputs.type.value,
    after_date: instant(inputs.after.value, '00:00:00'),
    before_date: instant(inputs.before.value, '23:59:59'),
  });
  const clear = el(
    'button',
    {
      type: 'button',
      hidden: true,
      on: {
        click: () => {
          for (const input of Object.values(inputs)) input.value = '';
          clear.hidden = true;
          inputs.subject.focus();
          on_clear();
        },
      },
    },
    'Back to folders',
  );
  return el(
    'form',
    {
      class: 'toolbar',
      role: 'search',
      'aria-label': 'In this restore point',
      on: {
        submit: (event) => {
          event.preventDefault();
          const query = read();
          const is_search = Object.values(query).some((value) => value !== '');
          clear.hidden = !is_search;
          if (is_search) on_search(query);
          else on_clear();
        },
      },
    },
    field('Subject', inputs.subject, { grow: true }),
    field('Sender', inputs.from),
    field('From day', inputs.after),
    field('To day', inputs.before),
    field('Kind', inputs.type),
    el('div', { class: 'row' }, el('button', { type: 'submit' }, 'Search'), clear),
  );
}

// Folders and items with a box each. `folder`: where to begin; `on_folder(path)` when that changes.
export function browser({ draft, folder, on_folder, signal }) {
  const place = el('div', { class: 'stack' });
  let inner = null;

  function list(query, is_search, ...above) {
    inner?.abort();
    inner = new AbortController();
    signal.addEventListener('abort', () => inner.abort(), { signal: inner.signal });
    const whole_query = { mailbox: draft.mailbox.mailbox_id, at: draft.night.id, ...query };
    const found = paged_table({
      caption: is_search ? 'What was found' : 'Folders and items',
      columns: columns(draft, open, is_search),
      load: list_of(get, 'items', 'items', () => whole_query, inner.signal),
      signal: inner.signal,
      events: [],
      none: is_search ? 'Nothing was found.' : 'This folder is empty.',
      noun: ['entry', 'entries'],
    });
    replace(place, above, found.node);
    return found;
  }

  const open = async (path) => {
    on_folder(path);
    const has_focus = place.contains(document.activeElement);
    const found = list(
      { folder: path },
      false,
      crumbs(path, open),
      path !== '' && whole_folder(path),
    );
    await found.first;
    if (has_focus) place.querySelector('table button, table input, .crumbs button')?.focus();
  };
  const whole_folder = (path) => {
    const box = el('input', {
      type: 'checkbox',
      checked: draft.folders.has(path),
      disabled: draft.is_whole,
      on: {
        change: () => draft.toggle({ type: 'folder', path, items: null }, box.checked),
      },
    });
    return el('label', { class: 'option' }, box, el('span', {}, 'The whole of this folder'));
  };
  const refresh = () => {
    for (const box of place.querySelectorAll('input[type=checkbox]')) box.disabled = draft.is_whole;
  };
  draft.addEventListener('change', refresh, { signal });
  const form = search_form(
    (query) => list(query, true, el('h3', {}, 'Found in the whole restore point')),
    () => open(''),
  );
  const first = open(folder);
  return { node: el('div', { class: 'stack' }, form, place), first, open };
}

function chosen_entry(record, label, below, leave_out) {
  const button = el(
    'button',
    {
      type: 'button',
      class: 'plain',
      'aria-label': `Leave out ${record.path ?? record.subject ?? 'item'}`,
      'data-key': `out-${record.path ?? record.id}`,
      on: { click: () => leave_out(record) },
    },
    'Leave out',
  );
  const hint = el('span', { class: 'muted small' }, ` ${below}`);
  return el('li', {}, el('span', {}, label, hint), button);
}

function chosen_list(folders, items, leave_out) {
  const bytes = items.reduce((sum, each) => sum + each.size, 0);
  const counts = [
    folders.length > 0 && format.counted(folders.length, 'folder'),
    items.length > 0 && `${format.counted(items.length, 'item')}, ${format.size(bytes)}`,
  ];
  const below = (folder) =>
    folder.items === null ? 'folder' : format.counted(folder.items, 'item');
  const entries = [
    ...folders.map((each) =>
      chosen_entry(each, name(format.shown_path(each.path)), below(each), leave_out),
    ),
    ...items.map((each) =>
      chosen_entry(
        each,
        each.subject ? name(each.subject) : '(no subject)',
        format.size(each.size),
        leave_out,
      ),
    ),
  ];
  return [
    el('p', { role: 'status' }, counts.filter(Boolean).join(' and ')),
    el(
      'div',
      { class: 'tall', tabindex: 0, role: 'region', 'aria-label': 'Chosen' },
      el('ul', { class: 'list' }, entries),
    ),
  ];
}

// What has been chosen so far, and how to take it out again.
export function basket({ draft, on_removed, signal }) {
  const node = el('div', { class: 'stack' });

  function leave_out(record) {
    draft.toggle(record, false);
    on_removed();
  }

  function contents() {
    if (draft.is_whole) return null;
    if (draft.is_empty) return empty('Nothing yet: tick folders and items.');
    return chosen_list([...draft.folders.values()], [...draft.items.values()], leave_out);
  }

  function show() {
    if (signal.aborted) return;
    const whole = el('input', {
      type: 'checkbox',
      checked: draft.is_whole,
      'data-key': 'whole',
      on: { change: () => draft.set({ is_whole: whole.checked }) },
    });
    const { items, bytes } = draft.night;
    const hint = `${format.counted(items, 'item')}, ${format.size(bytes)}`;
    replace(node, el('h3', {}, 'Chosen'), option(whole, 'The whole mailbox', hint), contents());
  }

  draft.addEventListener('change', debounced(show, 0), { signal });
  show();
  return node;
}

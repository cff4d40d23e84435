// Folders and items of a made-up mailbox: the first one has a folder with 100,000 items.
import { chance, id_of, one_of, whole } from './chance.mjs';
import { kDay, rfc3339 } from './tenant.mjs';

const kFolders = [
  ['Inbox', 2_400],
  ['Inbox/Customers', 310],
  ['Inbox/Customers/Adatum \\/ Berlin', 44],
  ['Inbox/Customers/Northwind', 87],
  ['Inbox/🚀 Launch', 12],
  ['Inbox/مشاريع', 9],
  ['Sent Items', 1_150],
  ['Drafts', 6],
  ['Archive', 0],
  ['Archive/2024', 820],
  ['Archive/2025', 940],
  ['Deleted Items', 130],
  ['Calendar', 410, 'IPF.Appointment'],
  ['Contacts', 260, 'IPF.Contact'],
  ['Tasks', 31, 'IPF.Task'],
  ['Notes', 0, 'IPF.StickyNote'],
  ['<script>alert("folder")</script>', 3],
];
const kClasses = {
  'IPF.Appointment': 'IPM.Appointment',
  'IPF.Contact': 'IPM.Contact',
  'IPF.Task': 'IPM.Task',
};
const kSubjects = [
  'Quarterly figures',
  'Re: delivery on Thursday',
  'Minutes of the site meeting',
  'Invoice 20418',
  'WG: Angebot für die neue Halle',
  'Lunch?',
  'Contract, signed',
  'Holiday list',
  'Fwd: Fwd: printer on floor 3',
  'Your order has shipped',
  'تقرير المبيعات',
  '🎉 Welcome aboard',
  '<b>Not bold</b> & "quoted"',
  'Password policy: what changes',
];
const kSenders = [
  'Mira Okafor <mira.okafor@contoso.example>',
  'Billing <billing@adatum.example>',
  'Jonas Brandt <jonas.brandt@contoso.example>',
  'noreply@northwind.example',
  'Olena Petrov <olena.petrov@fabrikam.example>',
];

export const folders_of = (index) =>
  kFolders.map(([path, items, item_class]) => ({
    type: 'folder',
    id: id_of('folder', index, path),
    path,
    item_class: item_class ?? 'IPF.Note',
    items: index === 0 && path === 'Inbox' ? 100_000 : items,
  }));

// The parent's path; a slash inside of a name is written with a backslash before it.
export const parent_of = (path) => path.replace(/(^|\/)(?:\\.|[^\\/])*$/, '');

function item_of(index, folder, number, now) {
  const key = [index, folder.path, number];
  const received = now - whole(0, 3, 'hours', ...key) * 3.6e6 - number * 2.1e6;
  const [, name, address] = /^(?:(.*) <)?([^>]*)>?$/.exec(one_of(kSenders, 'from', ...key));
  return {
    type: 'item',
    id: `AAMk${id_of('item', ...key)}${id_of('more', ...key)}=`,
    folder: folder.path,
    item_class: kClasses[folder.item_class] ?? 'IPM.Note',
    size: Math.round(4_000 + 4e6 * chance('size', ...key) ** 6),
    change_key: id_of('change', ...key).slice(0, 12),
    created: rfc3339(received),
    modified: rfc3339(received + kDay / 24),
    received: rfc3339(received),
    subject:
      number % 41 === 40
        ? null
        : `${one_of(kSubjects, 'subject', ...key)}${number % 5 ? '' : ` (${number})`}`,
    from: address,
    from_name: name ?? null,
    sent: rfc3339(received - 4000),
    has_attachments: chance('attachment', ...key) > 0.8,
    stream_bytes: 9_000,
    sha256: id_of('sha', ...key).repeat(2),
  };
}

// A page of a folder: its subfolders, then its items.
export function list_folder(index, path, now, from, limit) {
  const all = folders_of(index);
  const own = all.find((folder) => folder.path === path);
  if (path !== '' && !own) return null;
  const below = all.filter((folder) => parent_of(folder.path) === path);
  const total = below.length + (own?.items ?? 0);
  const records = [];
  for (let at = from; at < Math.min(from + limit, total); ++at) {
    records.push(at < below.length ? below[at] : item_of(index, own, at - below.length, now));
  }
  return { records, total, next: from + limit < total ? String(from + limit) : null };
}

const holds = (text, part) => (text ?? '').toLowerCase().includes(part.toLowerCase());

function matches(item, query) {
  return (
    (!query.subject || holds(item.subject, query.subject)) &&
    (!query.from || holds(item.from, query.from) || holds(item.from_name, query.from)) &&
    (!query.after_date || item.received >= query.after_date) &&
    (!query.before_date || item.received <= query.before_date) &&
    (!query.type || item.item_class.toLowerCase().startsWith(query.type.toLowerCase()))
  );
}

// A page of what is found; the cursor is where the next one starts to look.
export function search_items(index, query, now, from, limit) {
  const records = [];
  let position = 0;
  for (const folder of folders_of(index)) {
    for (let number = 0; number < folder.items; ++number, ++position) {
      if (position < from) continue;
      const item = item_of(index, folder, number, now);
      if (!matches(item, query)) continue;
      if (records.length === limit) return { records, total: null, next: String(position) };
      records.push(item);
    }
  }
  return { records, total: null, next: null };
}

// What a restore of these folders and items has to do; nothing chosen means all of it.
export function selection_of(index, folders, items, now) {
  const chosen = folders_of(index).filter(
    (folder) =>
      (folders.length === 0 && items.length === 0) ||
      folders.some((path) => folder.path === path || folder.path.startsWith(`${path}/`)),
  );
  const count = chosen.reduce((sum, folder) => sum + folder.items, 0) + items.length;
  const shown = chosen.flatMap((folder) =>
    Array.from({ length: Math.min(folder.items, 40) }, (_, number) =>
      item_of(index, folder, number, now),
    ),
  );
  for (const id of items) shown.push({ id, folder: 'Inbox', item_class: 'IPM.Note', size: 61_000 });
  return { count, bytes: count * 71_300, shown: shown.slice(0, 600) };
}

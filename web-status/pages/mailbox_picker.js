// Finds one mailbox among thousands: the server searches while one types.
import { get } from './api.js';
import { el, replace } from './dom.js';
import { count } from './format.js';
import { debounced, empty, error_notice, field, name, relative } from './parts.js';

const kShown = 8;

function entry(mailbox, on_pick) {
  const names = el(
    'span',
    {},
    el('strong', { class: 'name' }, name(mailbox.display_name ?? mailbox.address)),
    el('span', { class: 'muted small' }, name(mailbox.address)),
  );
  const on = { click: () => on_pick(mailbox) };
  const key = mailbox.mailbox_id;
  const button = el('button', { type: 'button', class: 'plain', 'data-key': key, on }, names);
  const last = mailbox.last_good_backup ? relative(mailbox.last_good_backup) : 'no backup';
  return el('li', {}, el('span', {}, button), el('span', { class: 'muted small' }, last));
}

// `on_pick(mailbox)`. `needs_points`: leaves out those with nothing to restore.
export function mailbox_picker({ label, on_pick, signal, needs_points = false }) {
  const results = el('ul', { class: 'list' });
  const told = el('p', { class: 'muted small', role: 'status' });
  const input = el('input', { type: 'search', autocomplete: 'off', spellcheck: 'false' });
  let serial = 0;

  async function search() {
    const own = ++serial;
    const text = input.value.trim();
    try {
      const { mailboxes, total } = await get(
        'mailboxes',
        { search: text, limit: needs_points ? 40 : 20 },
        signal,
      );
      if (own !== serial) return;
      const fit = mailboxes.filter(
        (each) => each.mailbox_id !== null && (!needs_points || each.snapshots > 0),
      );
      show(fit.slice(0, kShown), total ?? fit.length);
    } catch (error) {
      if (own === serial && error.name !== 'AbortError')
        replace(results, el('li', {}, error_notice(error, search)));
    }
  }

  function show(found, total) {
    told.textContent =
      found.length > 0 && total > found.length
        ? `${count(found.length)} of ${count(total)} that match: type more of the address or name`
        : '';
    replace(
      results,
      found.length === 0
        ? el('li', {}, empty('No mailbox with something to restore matches.'))
        : found.map((mailbox) => entry(mailbox, on_pick)),
    );
  }

  input.addEventListener('input', debounced(search));
  const first = search();
  return { node: el('div', { class: 'stack' }, field(label, input), told, results), first, input };
}

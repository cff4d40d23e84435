// A part of a page that is asked for, shown, and asked for again when something has changed.
import { el, replace } from './dom.js';
import { live } from './events.js';
import { empty, error_notice } from './parts.js';

const kBeforeLoading = 200; // what comes sooner needs no word about its coming

// `load()` gives what `render(data)` makes children of. `events`: after which to load again.
export function region({
  load,
  render,
  signal,
  events = ['status', 'back'],
  loading = 'Loading…',
}) {
  const node = el('div', { class: 'stack' });
  let serial = 0;
  let has_content = false;

  async function reload() {
    const own = ++serial;
    const timer = setTimeout(() => !has_content && replace(node, empty(loading)), kBeforeLoading);
    node.setAttribute('aria-busy', 'true');
    try {
      const data = await load();
      if (own !== serial || signal.aborted) return;
      replace(node, render(data));
      has_content = true;
    } catch (error) {
      if (own !== serial || signal.aborted || error.name === 'AbortError') return;
      // What was there stays as long as nobody answers: the banner says how old it is.
      if (has_content && error.status === 0) return;
      has_content = false;
      replace(node, error_notice(error, reload));
    } finally {
      clearTimeout(timer);
      if (own === serial) node.removeAttribute('aria-busy');
    }
  }

  for (const event of events) live.addEventListener(event, reload, { signal });
  const first = reload();
  return { node, reload, first };
}

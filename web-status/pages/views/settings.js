// The configuration in force, to read.
import { get } from '../api.js';
import { el } from '../dom.js';
import { facts, head, moment, name, panel } from '../parts.js';
import { region } from '../region.js';

export const title = 'Settings';

const shown = (value) =>
  Array.isArray(value)
    ? value.map(shown).join(', ') || 'none'
    : typeof value === 'boolean'
      ? value
        ? 'yes'
        : 'no'
      : value === null
        ? 'not set'
        : String(value);

export async function show({ main, signal }) {
  const page = region({
    signal,
    load: () => get('settings', {}, signal),
    render: (settings) => [
      el(
        'p',
        { class: 'muted' },
        'Read from ',
        el('code', {}, settings.path),
        ', ',
        moment(settings.loaded),
        '. Change the file and reload the service; secrets are never shown.',
      ),
      el(
        'div',
        { class: 'grid' },
        settings.tables.map((each) =>
          panel(
            each.name,
            {},
            facts(each.values.map(({ key, value }) => [el('code', {}, key), name(shown(value))])),
          ),
        ),
      ),
    ],
  });
  main.append(head('Settings'), page.node);
  await page.first;
}

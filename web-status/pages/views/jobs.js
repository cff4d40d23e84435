// What runs, what ran, and starting something.
import { get } from '../api.js';
import { el, replace } from '../dom.js';
import { live } from '../events.js';
import { job_columns, kCommands, live_job } from '../job_parts.js';
import { empty, error_notice, field, head, may, panel, role_note, select } from '../parts.js';
import { region } from '../region.js';
import { note_query } from '../router.js';
import { start_form } from '../start_job.js';
import { list_of, paged_table } from '../table.js';

export const title = 'Jobs';

export async function show({ main, query, signal, session }) {
  const filter = { command: query.command ?? '' };
  const known = new Set();
  let shown = null;
  const running = region({
    signal,
    load: async () =>
      (
        await Promise.all(
          ['running', 'queued', 'paused'].map((state) => get('jobs', { state }, signal)),
        )
      ).flatMap((answer) => answer.jobs),
    render: (jobs) => {
      shown?.abort();
      shown = new AbortController();
      signal.addEventListener('abort', () => shown.abort(), { once: true, signal: shown.signal });
      known.clear();
      for (const job of jobs) known.add(job.id);
      if (jobs.length === 0) return empty('Nothing runs.');
      return el(
        'div',
        { class: 'grid' },
        jobs.map((job) =>
          live_job(job, { signal: shown.signal, session, on_end: () => running.reload() }),
        ),
      );
    },
  });
  const history = paged_table({
    caption: 'Jobs that have ended',
    columns: job_columns,
    signal,
    noun: ['job', 'jobs'],
    none: 'No job has ended yet.',
    load: list_of(get, 'jobs', 'jobs', () => ({ ...filter, state: 'ended' }), signal),
  });
  live.addEventListener(
    'job',
    ({ detail }) => {
      if (detail.state !== 'ended' && !known.has(detail.id)) running.reload();
    },
    { signal },
  );
  const command = select([['', 'all'], ...kCommands], { value: filter.command });
  command.addEventListener('change', () => {
    filter.command = command.value;
    note_query(filter);
    history.reload(false);
  });
  main.append(
    head('Jobs'),
    role_note(session, ['operator', 'starting and cancelling'], ['admin', 'pruning']) || '',
    panel('Running', {}, running.node),
    start_panel(session, signal) || '',
    panel('History', {}, el('div', { class: 'toolbar' }, field('Kind', command)), history.node),
  );
  await Promise.all([running.first, history.first]);
}

// Opened when wanted: most who come here look.
function start_panel(session, signal) {
  if (!may(session, 'operator')) return null;
  const place = el('div', { id: 'start', class: 'stack', hidden: true });
  const button = el(
    'button',
    {
      type: 'button',
      'aria-expanded': 'false',
      'aria-controls': 'start',
      on: {
        click: async () => {
          place.hidden = !place.hidden;
          button.setAttribute('aria-expanded', String(!place.hidden));
          if (place.hidden || place.childElementCount > 0) return;
          try {
            replace(place, await start_form({ session, signal }));
          } catch (error) {
            if (!signal.aborted) replace(place, error_notice(error));
          }
        },
      },
    },
    'Start a job…',
  );
  return el('div', { class: 'stack' }, el('div', {}, button), place);
}

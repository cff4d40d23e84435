// The last steps of a restore: see what would happen, say why, start.
import { get, part, post } from './api.js';
import { el, replace } from './dom.js';
import { live } from './events.js';
import { live_job, plan_facts } from './job_parts.js';
import { empty, error_notice, facts, field, job_badge, name, notice } from './parts.js';
import { forget_draft } from './restore_draft.js';
import { go, link } from './router.js';

// An event may have been missed between the answer to POST and now, or while the appliance was
// gone.
async function ended(job, signal, on_job) {
  return new Promise((resolve, reject) => {
    const inner = new AbortController();
    const settle = (record) => {
      if (record.state !== 'ended' || inner.signal.aborted) return;
      inner.abort();
      resolve(record);
    };
    const look = () =>
      get(`jobs/${part(job.id)}`, {}, signal).then(settle, (error) => {
        if (error.status !== 0) reject(error);
      });
    signal.addEventListener('abort', () => inner.abort(), { signal: inner.signal });
    live.addEventListener('job', ({ detail }) => detail.id === job.id && settle(detail), {
      signal: inner.signal,
    });
    for (const event of ['status', 'back'])
      live.addEventListener(event, look, { signal: inner.signal });
    on_job(job);
    look();
  });
}

// A dry run of what the draft says now; another choice makes it out of date.
export function dry_run_step({ draft, session, signal, on_plan }) {
  const result = el('div', { class: 'stack', 'aria-live': 'polite' });
  const missing = empty('Choose something first: a folder, an item, or the whole mailbox.');
  const button = el(
    'button',
    { type: 'button', class: 'primary', on: { click: () => run() } },
    'See what would happen',
  );
  let serial = 0;

  function outdate() {
    ++serial;
    button.hidden = draft.is_empty;
    missing.hidden = !draft.is_empty;
    replace(result);
    on_plan(null);
  }

  async function run() {
    const own = ++serial;
    on_plan(null);
    try {
      const begun = await post('jobs', draft.request({ dry_run: true }));
      const job = await ended(begun, signal, () =>
        replace(result, live_job(begun, { signal, session, has_link: false })),
      );
      if (own === serial) show(job);
    } catch (error) {
      if (own === serial && error.name !== 'AbortError') replace(result, error_notice(error));
    }
  }

  function show(job) {
    const { summary } = job;
    if (!summary?.planned) {
      return replace(
        result,
        el('div', {}, job_badge(job)),
        error_notice(job.error ?? { message: 'the dry run gave no plan' }),
      );
    }
    replace(
      result,
      facts(
        plan_facts(summary).concat([
          [
            'Into',
            name(
              `${summary.target ?? ''}, ` +
                (summary.in_place ? 'the original folders' : summary.into),
            ),
          ],
        ]),
      ),
      summary.problems.length > 0 &&
        notice(
          'warn',
          summary.problems.map((problem) => el('p', {}, name(problem.message))),
        ),
      el('p', { class: 'small' }, el('a', { href: link('jobs', job.id) }, 'Item by item')),
    );
    on_plan(summary);
  }

  draft.addEventListener('change', outdate, { signal });
  outdate();
  return el('div', { class: 'stack' }, missing, el('div', {}, button), result);
}

// `set_plan(summary)`: there is a dry run of what would be started.
export function start_step({ draft, signal }) {
  const reason = el('textarea', {
    required: true,
    maxlength: 1000,
    value: draft.reason,
    on: {
      input: () => (draft.reason = reason.value), // not of the plan: the dry run stays as it is
    },
  });
  const trouble = el('div');
  const submit = el('button', { type: 'submit', class: 'primary' }, 'Start the restore');
  const form = el(
    'form',
    {
      class: 'form',
      hidden: true,
      on: {
        submit: async (event) => {
          event.preventDefault();
          submit.disabled = true;
          try {
            const job = await post(
              'jobs',
              draft.request({ dry_run: false, reason: reason.value.trim() }),
            );
            forget_draft();
            go(link('jobs', job.id));
          } catch (error) {
            if (!signal.aborted) replace(trouble, error_notice(error));
            submit.disabled = false;
          }
        },
      },
    },
    field('Reason', reason, { hint: 'For the audit log: who asked for it, which ticket.' }),
    trouble,
    el('div', {}, submit),
  );
  const waiting = empty('The dry run comes first: it says what will happen and how long it takes.');
  return {
    node: el('div', { class: 'stack' }, waiting, form),
    set_plan: (summary) => {
      form.hidden = summary === null;
      waiting.hidden = summary !== null;
    },
  };
}

// One job: while it runs, how far it is; afterwards what it did, its proof, and its problems.
import { get, part, report_url } from '../api.js';
import { el, replace } from '../dom.js';
import { live } from '../events.js';
import * as format from '../format.js';
import { kind_of } from '../icons.js';
import { live_job, summary_facts } from '../job_parts.js';
import {
  badge,
  debounced,
  duration,
  empty,
  error_notice,
  facts,
  field,
  head,
  job_badge,
  moment,
  name,
  notice,
  panel,
  role_note,
  select,
  size,
} from '../parts.js';
import { link } from '../router.js';
import { list_of, paged_table, table } from '../table.js';

export const title = 'Job';

export async function show({ main, part: id, signal, session }) {
  const place = el('div', { class: 'stack' });
  main.append(place);
  let shown = null;
  async function load() {
    const job = await get(`jobs/${part(id)}`, {}, signal);
    shown?.abort();
    shown = new AbortController();
    signal.addEventListener('abort', () => shown.abort(), { once: true, signal: shown.signal });
    document.title = `${job.title} – coffer`;
    const is_first = place.childElementCount === 0;
    replace(place, render(job, session, shown.signal, load));
    if (!is_first && job.state === 'ended')
      place.querySelector('h1').focus({ preventScroll: true });
  }
  await load();
  live.addEventListener('back', () => load().catch(() => {}), { signal });
}

function render(job, session, signal, reload) {
  const is_over = job.state === 'ended';
  return [
    head(name(job.title), {
      below: el(
        'div',
        { class: 'row' },
        job_badge(job),
        job.problems > 0 && badge('warning', format.counted(job.problems, 'problem')),
      ),
      actions: [
        el(
          'a',
          { class: 'button', href: report_url(job.id), download: '', 'data-key': 'report' },
          'Download the report',
        ),
      ],
    }),
    is_over ? null : role_note(session, ['operator', 'cancelling']),
    is_over && el('div', { role: 'status' }, proof(job)),
    el(
      'div',
      { class: 'split' },
      is_over
        ? panel(
            'Result',
            {},
            job.error && error_notice(job.error),
            job.summary
              ? summary_facts(job.summary)
              : !job.error && empty('It ended without a summary.'),
          )
        : panel(
            'Progress',
            {},
            live_job(job, { signal, session, has_link: false, on_end: reload }),
          ),
      about_panel(job),
    ),
    is_over && problems_panel(job, signal),
    is_over && records_panel(job, signal),
  ];
}

// Whether what was restored was seen in the target: anything less is not green.
function proof({ command, summary, status }) {
  if (command !== 'restore' || !summary || summary.dry_run) return null;
  const { restored, replaced, verified, failed, untried, skipped } = summary.items;
  const made = restored + replaced;
  if (status === 'complete' && verified >= made) {
    return notice(
      'good',
      el(
        'p',
        {},
        el('strong', {}, 'Restored and verified. '),
        `${format.counted(made, 'item')} read back from the target: all match`,
        skipped > 0 && `; ${format.count(skipped)} lay there unchanged`,
        '. The report has the proof of each.',
      ),
    );
  }
  return notice(
    kind_of(status),
    el(
      'p',
      {},
      el('strong', {}, 'Not all is restored and verified. '),
      [
        `${format.count(verified)} of ${format.count(made)} restored items verified`,
        failed > 0 && `${format.count(failed)} failed`,
        untried > 0 && `${format.count(untried)} not tried`,
      ]
        .filter(Boolean)
        .join(', '),
      '. Running the same restore again goes on from there.',
    ),
  );
}

function about_panel(job) {
  return panel(
    'About',
    {},
    facts([
      ['Asked for by', name(job.by)],
      ['Reason', job.reason && name(job.reason)],
      ['Policy', job.policy && name(job.policy)],
      [
        'Mailbox',
        job.mailbox &&
          el(
            'a',
            { href: link('mailboxes', job.mailbox), 'data-key': 'mailbox' },
            name(job.mailbox),
          ),
      ],
      ['Queued', moment(job.queued)],
      ['Began', job.started && moment(job.started)],
      ['Ended', job.ended && moment(job.ended)],
      ['Took', job.ended && duration(job.seconds)],
      ['Exit status', job.exit_status],
      ['Id', el('code', {}, job.id)],
    ]),
  );
}

const kMost = 1000; // of a page of the API: filters work on what is loaded

const problem_columns = [
  {
    title: 'Mailbox',
    cell: (problem) =>
      problem.mailbox
        ? el('a', { href: link('mailboxes', problem.mailbox) }, name(problem.mailbox))
        : '',
  },
  { title: 'Folder', cell: (problem) => problem.folder && name(format.shown_path(problem.folder)) },
  {
    title: 'What',
    cell: (problem) => [
      name(problem.message),
      problem.code && el('span', { class: 'sub' }, el('code', {}, problem.code)),
    ],
  },
  {
    title: 'Item',
    cell: (problem) =>
      problem.item &&
      el(
        'code',
        { title: problem.item },
        problem.item.length > 16 ? `…${problem.item.slice(-12)}` : problem.item,
      ),
  },
  { title: 'Then', cell: (problem) => problem.next ?? '' },
];

const matches = (problem, text, code) =>
  (code === '' || problem.code === code) &&
  (text === '' ||
    ['mailbox', 'folder', 'item', 'message', 'code'].some((key) =>
      (problem[key] ?? '').toLowerCase().includes(text),
    ));

function problems_panel(job, signal) {
  if (job.problems === 0) return panel('Problems', {}, empty('None.'));
  const place = el('div', { class: 'stack' });
  const told = el('p', { class: 'muted small', role: 'status' });
  const text = el('input', { type: 'search', autocomplete: 'off' });
  const code = select([['', 'all']]);
  const problems = [];
  let next = null;

  function show() {
    const found = problems.filter((problem) =>
      matches(problem, text.value.trim().toLowerCase(), code.value),
    );
    const of_all = format.counted(problems.length, 'problem');
    told.textContent = `${format.count(found.length)} of ${of_all}${next ? ' so far' : ''}`;
    replace(
      place,
      found.length === 0
        ? empty('No problem is like this.')
        : table('Problems', problem_columns, found),
      next &&
        el(
          'div',
          {},
          el('button', { type: 'button', 'data-key': 'more', on: { click: load } }, 'Load more'),
        ),
    );
  }

  async function load() {
    try {
      const page = await get(
        `jobs/${part(job.id)}/records`,
        { type: 'problem', limit: kMost, after: next },
        signal,
      );
      problems.push(...page.records);
      next = page.next;
      const codes = [...new Set(problems.map((problem) => problem.code).filter(Boolean))].sort();
      const current = code.value;
      replace(
        code,
        [['', 'all'], ...codes.map((each) => [each, each])].map(([value, label]) =>
          el('option', { value }, label),
        ),
      );
      code.value = current;
      show();
    } catch (error) {
      if (error.name !== 'AbortError') replace(place, error_notice(error, load));
    }
  }

  text.addEventListener('input', debounced(show, 120));
  code.addEventListener('change', show);
  load();
  return panel(
    'Problems',
    {},
    el('div', { class: 'toolbar' }, field('Contains', text, { grow: true }), field('Code', code)),
    told,
    place,
  );
}

const kRecords = {
  backup: [
    'mailbox',
    'Mailboxes',
    [
      {
        title: 'Mailbox',
        cell: (record) =>
          el(
            'a',
            { href: link('mailboxes', record.mailbox_id ?? record.mailbox) },
            name(record.mailbox),
          ),
      },
      { title: 'Result', cell: (record) => badge(record.status) },
      { title: 'Reason', cell: (record) => record.reason && name(record.reason) },
      { title: 'New', class: 'number', cell: (record) => format.count(record.items.stored) },
      {
        title: 'Failed',
        class: 'number',
        cell: (record) => (record.items.failed ? format.count(record.items.failed) : ''),
      },
      { title: 'Listed', class: 'number', cell: (record) => format.count(record.items.listed) },
      { title: 'Exported', class: 'number', cell: (record) => size(record.bytes.exported) },
    ],
  ],
  restore: [
    'item',
    'Items',
    [
      { title: 'From', cell: (record) => name(format.shown_path(record.folder)) },
      {
        title: 'Result',
        cell: (record) =>
          badge(
            record.result === 'restored' && record.verified ? 'verified' : record.result,
            record.verified
              ? 'Verified'
              : record.result.charAt(0).toUpperCase() + record.result.slice(1),
          ),
      },
      {
        title: 'To',
        cell: (record) => record.target_folder && name(format.shown_path(record.target_folder)),
      },
      { title: 'Reason', cell: (record) => record.reason && name(record.reason) },
      { title: 'Size', class: 'number', cell: (record) => size(record.size) },
      {
        title: 'Item',
        cell: (record) => el('code', { title: record.id }, `…${record.id.slice(-12)}`),
      },
    ],
  ],
};

function records_panel(job, signal) {
  if (!kRecords[job.command]) return null;
  const [type, caption, columns] = kRecords[job.command];
  const list = paged_table({
    caption,
    columns,
    signal,
    events: [],
    none: 'None.',
    noun: type === 'item' ? ['item', 'items'] : ['mailbox', 'mailboxes'],
    load: list_of(get, `jobs/${part(job.id)}/records`, 'records', () => ({ type }), signal),
  });
  return panel(caption, {}, list.node);
}

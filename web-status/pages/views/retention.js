// What retention would keep and free, and when, with other rules than those in force.
import { get, post } from '../api.js';
import { ask } from '../dialogs.js';
import { el, replace } from '../dom.js';
import * as format from '../format.js';
import {
  badge,
  empty,
  error_notice,
  field,
  figures,
  head,
  may,
  moment,
  name,
  notice,
  option,
  panel,
  role_note,
  select,
  size,
} from '../parts.js';
import { plot } from '../plots.js';
import { go, link, note_query } from '../router.js';
import { table } from '../table.js';

export const title = 'Retention';

const kRules = [
  ['keep_last', 'Last'],
  ['keep_hourly', 'Hourly'],
  ['keep_daily', 'Daily'],
  ['keep_weekly', 'Weekly'],
  ['keep_monthly', 'Monthly'],
  ['keep_yearly', 'Yearly'],
];

export async function show({ main, query, signal, session }) {
  const result = el('div', { class: 'stack', 'aria-live': 'polite' });
  main.append(
    head('Retention simulator', {
      below: el(
        'p',
        { class: 'muted' },
        'Nothing is removed here: this shows what the rules would keep and free.',
      ),
    }),
    role_note(session, ['admin', 'applying retention']) || '',
  );
  const { schedule } = await get('schedule', { limit: 1000 }, signal);
  const policies = [...new Set(schedule.map((run) => run.policy).filter((each) => each !== null))];
  if (policies.length === 0) {
    main.append(empty('No policy has a schedule.'));
    return;
  }
  const policy = query.policy ?? policies[0];
  const in_force = await get('retention', { policy }, signal);
  const form = rules_form({
    policies,
    policy,
    in_force,
    query,
    on_change: (rules) => {
      note_query({ policy, ...rules });
      simulate(rules);
    },
  });
  let serial = 0;
  let shown = null;

  async function simulate(rules) {
    const own = ++serial;
    try {
      const simulation = await get('retention', { policy, ...rules }, signal);
      if (own !== serial) return;
      shown?.abort();
      shown = new AbortController();
      signal.addEventListener('abort', () => shown.abort(), { once: true, signal: shown.signal });
      const is_in_force = Object.keys(rules).length === 0;
      replace(result, render(simulation, is_in_force, session, shown.signal));
    } catch (error) {
      if (own === serial && error.name !== 'AbortError') replace(result, error_notice(error));
    }
  }

  main.append(panel('Rules', {}, form), result);
  const { policy: _, ...asked } = query;
  await simulate(asked);
}

// A field for each rule in force or asked for.
const rule_inputs = (rules, query, start) =>
  Object.fromEntries(
    kRules
      .filter(([key]) => key in rules || key in query)
      .map(([key]) => [
        key,
        el('input', {
          type: 'number',
          min: 0,
          max: 100000,
          name: key,
          value: start[key] ?? 0,
          required: true,
        }),
      ]),
  );

function rules_form({ policies, policy, in_force, query, on_change }) {
  const rules = { ...in_force.rules };
  const has_query = kRules.some(([key]) => key in query) || 'keep_within' in query;
  const start = has_query ? query : rules;
  const inputs = rule_inputs(rules, query, start);
  const within = el('input', {
    name: 'keep_within',
    value: start.keep_within ?? '',
    pattern: '\\d+[smhd]',
    placeholder: 'none',
    autocomplete: 'off',
  });
  const choice = select(
    policies.map((each) => [each, each]),
    { value: policy },
  );
  choice.addEventListener('change', () => go(link('retention', null, { policy: choice.value })));
  const read = () =>
    Object.fromEntries([
      ...Object.entries(inputs).map(([key, input]) => [key, input.value]),
      ...(within.value === '' ? [] : [['keep_within', within.value]]),
    ]);
  return el(
    'form',
    {
      class: 'stack',
      on: {
        submit: (event) => {
          event.preventDefault();
          on_change(read());
        },
      },
    },
    el(
      'div',
      { class: 'toolbar' },
      field('Policy', choice),
      kRules.filter(([key]) => inputs[key]).map(([key, label]) => field(label, inputs[key])),
      field('All within', within, { hint: 'such as 14d' }),
    ),
    el(
      'div',
      { class: 'row' },
      el('button', { type: 'submit', class: 'primary' }, 'Simulate'),
      el(
        'button',
        {
          type: 'button',
          on: {
            click: () => {
              for (const [key, input] of Object.entries(inputs)) input.value = rules[key] ?? 0;
              within.value = rules.keep_within ?? '';
              on_change({});
            },
          },
        },
        'Rules in force',
      ),
    ),
  );
}

function render(simulation, is_in_force, session, signal) {
  const { removed_by_day: days, examples } = simulation;
  return [
    panel(
      is_in_force ? 'With the rules in force' : 'With these rules',
      {},
      figures([
        ['Restore points', format.count(simulation.points)],
        ['Kept', format.count(simulation.kept), format.share(simulation.kept, simulation.points)],
        [
          'Removed',
          format.count(simulation.removed),
          format.share(simulation.removed, simulation.points),
        ],
        [
          'Freed',
          simulation.freed_bytes === null ? 'not known' : size(simulation.freed_bytes),
          'after pruning',
        ],
      ]),
      simulation.confirmation && notice('warn', el('p', {}, name(simulation.confirmation), '.')),
      is_in_force &&
        may(session, 'admin') &&
        simulation.removed > 0 &&
        el(
          'div',
          {},
          el(
            'button',
            { type: 'button', class: 'danger', on: { click: () => apply(simulation) } },
            'Apply the rules in force now',
          ),
        ),
    ),
    days.length > 0 &&
      panel(
        'When',
        {},
        plot({
          label: `Restore points removed on each of ${format.counted(days.length, 'day')}`,
          signal,
          from_zero: true,
          times: days.map((day) => day.date),
          series: [
            {
              label: 'Removed',
              is_bars: true,
              values: days.map((day) => day.removed),
              format: format.count,
              axis_format: format.short_count,
            },
          ],
        }),
      ),
    panel(
      'For example',
      { aside: examples[0] && name(examples[0].mailbox) },
      examples.length === 0
        ? empty('No mailbox of this policy has restore points.')
        : examples_table(examples),
    ),
  ];
}

function examples_table(examples) {
  const newest = [...examples].reverse();
  return el(
    'div',
    { class: 'tall', tabindex: 0, role: 'region', 'aria-label': 'Restore points of one mailbox' },
    table(
      'Restore points of one mailbox',
      [
        { title: 'Time', class: 'short', cell: (point) => moment(point.time) },
        {
          title: 'Verdict',
          cell: (point) => (point.keep ? badge('good', 'Kept') : badge('quiet', 'Removed')),
        },
        {
          title: 'Because of',
          cell: (point) => (point.reasons.length ? point.reasons.join(', ') : 'no rule'),
        },
      ],
      newest,
    ),
  );
}

function apply(simulation) {
  const confirm =
    simulation.confirmation &&
    option(
      el('input', { type: 'checkbox', name: 'confirm', value: 'yes', required: true }),
      'I have understood: ',
      simulation.confirmation,
    );
  return ask({
    title: 'Apply retention now?',
    content: [
      el(
        'p',
        {},
        `${format.counted(simulation.removed, 'restore point')} of policy `,
        name(simulation.policy),
        ' are removed. Held ones stay.',
      ),
      confirm,
    ],
    action: 'Remove restore points',
    is_danger: true,
    act: async () => {
      const job = await post('jobs', {
        command: 'forget',
        policy: simulation.policy,
        ...(simulation.confirmation && { confirm: true }),
      });
      go(link('jobs', job.id));
    },
  });
}

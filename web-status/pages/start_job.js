// Starting what is not a restore: a backup, a check, a drill, pruning, a copy.
import { get, post } from './api.js';
import { ask } from './dialogs.js';
import { el, replace } from './dom.js';
import { error_notice, field, may, option, select } from './parts.js';
import { go, link } from './router.js';

const kLevels = [
  ['structure', 'Structure: minutes'],
  ['scrub', 'Checksums of all packs: hours'],
  ['full', 'Every byte: longest'],
];

const checkbox = (name, text, hint) =>
  option(el('input', { type: 'checkbox', name, value: 'yes' }), text, hint);

// [command, what it is called, role, fields, the body of them]
const kKinds = [
  [
    'backup',
    'Backup of a policy',
    'operator',
    ({ policies }) => [
      field(
        'Policy',
        select(
          policies.map((each) => [each, each]),
          { name: 'policy' },
        ),
      ),
      checkbox('full', 'Full listing', 'compares every item instead of asking what changed'),
    ],
    ({ policy, full }) => ({ policy, ...(full && { full: true }) }),
  ],
  [
    'check',
    'Check of the store',
    'operator',
    () => [
      field('Level', select(kLevels, { name: 'level' })),
      checkbox('repair', 'Repair', 'heals what can be healed'),
    ],
    ({ level, repair }) => ({ level, ...(repair && { repair: true }) }),
  ],
  [
    'drill',
    'Restore drill',
    'operator',
    () =>
      field(
        'Items',
        el('input', {
          type: 'number',
          name: 'count',
          min: 1,
          max: 10000,
          value: 50,
          required: true,
        }),
        { hint: 'Chosen at random, restored up to the last step, compared.' },
      ),
    ({ count }) => ({ count: Number(count) }),
  ],
  [
    'copy',
    'Copy to a second store',
    'operator',
    ({ copies }) =>
      field(
        'To',
        select(
          copies.map((each) => [each, each]),
          { name: 'to' },
        ),
      ),
    ({ to }) => ({ to }),
  ],
  [
    'prune',
    'Pruning',
    'admin',
    () => checkbox('dry_run', 'Dry run', 'says what would be freed, removes nothing'),
    ({ dry_run }) => (dry_run ? { dry_run: true } : {}),
  ],
];

const is_possible = (kind, session, known) =>
  may(session, kind[2]) &&
  (kind[0] !== 'copy' || known.copies.length > 0) &&
  (kind[0] !== 'backup' || known.policies.length > 0);

// A form that starts any of them.
export async function start_form({ session, signal }) {
  const [{ schedule }, { copies }] = await Promise.all([
    get('schedule', { limit: 1000 }, signal),
    get('storage', {}, signal),
  ]);
  const known = {
    policies: [...new Set(schedule.map((run) => run.policy).filter((policy) => policy !== null))],
    copies: copies.map((copy) => copy.to),
  };
  const kinds = kKinds.filter((kind) => is_possible(kind, session, known));
  const choice = select(
    kinds.map(([command, text]) => [command, text]),
    { name: 'command' },
  );
  const fields = el('div', { class: 'stack' });
  const trouble = el('div');
  const current = () => kinds.find(([command]) => command === choice.value);
  const show = () => replace(fields, current()[3](known));
  choice.addEventListener('change', show);
  show();
  const start = async (values) => {
    const [command, , , , body_of] = current();
    const job = await post('jobs', { command, ...body_of(values) });
    go(link('jobs', job.id));
  };
  return el(
    'form',
    {
      class: 'form',
      on: {
        submit: async (event) => {
          event.preventDefault();
          const values = Object.fromEntries(new FormData(event.target));
          if (values.command === 'prune' && !values.dry_run)
            return confirm_pruning(() => start(values));
          try {
            await start(values);
          } catch (error) {
            replace(trouble, error_notice(error));
          }
        },
      },
    },
    field('What', choice),
    fields,
    trouble,
    el('div', {}, el('button', { type: 'submit', class: 'primary' }, 'Start')),
  );
}

const confirm_pruning = (act) =>
  ask({
    title: 'Free the space of removed restore points?',
    content: el(
      'p',
      {},
      'What no restore point and no hold needs is deleted from the store for good.',
    ),
    action: 'Prune',
    is_danger: true,
    act,
  });

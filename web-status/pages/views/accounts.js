// Who may log in, and as what.
import { get, part, post, remove, set_password } from '../api.js';
import { ask, tell } from '../dialogs.js';
import { el } from '../dom.js';
import { empty, field, head, moment, name, panel, select } from '../parts.js';
import { region } from '../region.js';
import { table } from '../table.js';

export const title = 'Accounts';

const kRoles = [
  ['viewer', 'viewer: looks'],
  ['operator', 'operator: also backs up, restores, checks'],
  ['admin', 'admin: also removes, holds, manages accounts'],
];

export const password_field = (label = 'Password') =>
  field(
    label,
    el('input', {
      type: 'password',
      name: 'password',
      required: true,
      minlength: 12,
      autocomplete: 'new-password',
    }),
    { hint: '12 characters at least' },
  );

export async function show({ main, signal, session }) {
  const list = region({
    signal,
    load: () => get('accounts', { limit: 1000 }, signal),
    render: ({ accounts }) =>
      accounts.length === 0
        ? empty('There is no account.')
        : table(
            'Accounts',
            columns(session, () => list.reload()),
            accounts,
          ),
  });
  main.append(
    head('Accounts', {
      actions: [
        el(
          'button',
          { type: 'button', class: 'primary', on: { click: () => add(() => list.reload()) } },
          'Add an account',
        ),
      ],
    }),
    panel('Who may log in', {}, list.node),
  );
  await list.first;
}

const columns = (session, on_change) => [
  {
    title: 'Name',
    cell: (account) => [name(account.name), account.name === session.account && ' (you)'],
  },
  { title: 'Role', cell: (account) => account.role },
  { title: 'Since', cell: (account) => moment(account.created) },
  {
    title: '',
    label: 'Change',
    cell: (account) =>
      el(
        'div',
        { class: 'row' },
        el(
          'button',
          {
            type: 'button',
            class: 'plain',
            'data-key': `password-${account.name}`,
            'aria-label': `New password for ${account.name}`,
            on: { click: () => ask_password(account) },
          },
          'New password',
        ),
        account.name !== session.account &&
          el(
            'button',
            {
              type: 'button',
              class: 'plain',
              'data-key': `remove-${account.name}`,
              'aria-label': `Remove ${account.name}`,
              on: { click: () => take_out(account, on_change) },
            },
            'Remove',
          ),
      ),
  },
];

async function add(on_change) {
  let added = '';
  const is_done = await ask({
    title: 'Add an account',
    action: 'Add',
    content: [
      field(
        'Name',
        el('input', {
          name: 'name',
          required: true,
          maxlength: 64,
          autocomplete: 'off',
          autocapitalize: 'none',
        }),
      ),
      field('Role', select(kRoles, { name: 'role' })),
      password_field(),
    ],
    act: async (values) => {
      await post('accounts', values);
      added = values.name;
    },
  });
  if (!is_done) return;
  tell(`${added} may log in now.`);
  on_change();
}

async function ask_password(account) {
  const is_done = await ask({
    title: `New password for ${account.name}`,
    action: 'Set the password',
    content: password_field(),
    act: ({ password }) => set_password(account.name, password),
  });
  if (is_done) tell(`${account.name} has a new password.`);
}

async function take_out(account, on_change) {
  const is_done = await ask({
    title: `Remove ${account.name}?`,
    action: 'Remove the account',
    is_danger: true,
    content: el('p', {}, 'Who uses it is logged out at once. What it did stays in the audit log.'),
    act: () => remove(`accounts/${part(account.name)}`),
  });
  if (!is_done) return;
  tell(`${account.name} is removed.`);
  on_change();
}

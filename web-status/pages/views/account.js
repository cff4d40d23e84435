// One's own account.
import { set_password } from '../api.js';
import { el, replace } from '../dom.js';
import { error_notice, facts, head, name, notice, panel } from '../parts.js';
import { password_field } from './accounts.js';

export const title = 'Your account';

export function show({ main, session }) {
  const result = el('div', { role: 'status' });
  const form = el(
    'form',
    {
      class: 'form',
      on: {
        submit: async (event) => {
          event.preventDefault();
          try {
            await set_password(session.account, new FormData(form).get('password'));
            form.reset();
            replace(result, notice('good', el('p', {}, 'The new password holds.')));
          } catch (error) {
            replace(result, error_notice(error));
          }
        },
      },
    },
    password_field('New password'),
    result,
    el('div', {}, el('button', { type: 'submit', class: 'primary' }, 'Change the password')),
  );
  main.append(
    head('Your account'),
    panel(
      'Account',
      {},
      facts([
        ['Name', name(session.account)],
        ['Role', session.role],
      ]),
    ),
    panel('Password', {}, form),
  );
}

// Who are you? Shown in place of any page that needs an account.
import { post } from '../api.js';
import { el, replace } from '../dom.js';
import { duration } from '../format.js';
import { error_notice, field, head, notice, panel } from '../parts.js';

export const title = 'Log in';

export function show({ main, on_login }) {
  const trouble = el('div');
  const account = el('input', {
    name: 'account',
    autocomplete: 'username',
    required: true,
    maxlength: 128,
    autocapitalize: 'none',
    spellcheck: 'false',
  });
  const password = el('input', {
    name: 'password',
    type: 'password',
    autocomplete: 'current-password',
    required: true,
  });
  const submit = el('button', { type: 'submit', class: 'primary' }, 'Log in');
  const form = el(
    'form',
    {
      class: 'stack',
      on: {
        submit: async (event) => {
          event.preventDefault();
          submit.disabled = true;
          try {
            on_login(await post('session', { account: account.value, password: password.value }));
          } catch (error) {
            replace(trouble, told(error));
            submit.disabled = false;
            password.value = '';
            password.focus();
          }
        },
      },
    },
    trouble,
    field('Account', account),
    field('Password', password),
    el('div', {}, submit),
  );
  main.append(el('div', { class: 'card-form stack' }, head('coffer'), panel('Log in', {}, form)));
  account.focus();
}

function told(error) {
  if (error.status !== 429) return error_notice(error);
  const box = notice(
    'warn',
    el(
      'p',
      {},
      error.retry_after > 0
        ? `Too many attempts. Try again in ${duration(error.retry_after)}.`
        : 'Too many attempts. Wait a little.',
    ),
  );
  box.setAttribute('role', 'alert');
  return box;
}

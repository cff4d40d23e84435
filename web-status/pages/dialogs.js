// Questions before what cannot be taken back, and a word about what has happened.
import { el, new_id } from './dom.js';
import { error_notice } from './parts.js';

// Asks with `content` (fields with names), then calls `act(values)`; stays open while that fails.
// Gives whether it was done.
export function ask({ title, content, action, is_danger = false, act }) {
  return new Promise((resolve) => {
    const id = new_id('dialog');
    const trouble = el('div');
    const submit = el(
      'button',
      { type: 'submit', class: is_danger ? 'danger' : 'primary' },
      action,
    );
    const form = el(
      'form',
      { class: 'stack', method: 'dialog' },
      el('h2', { id }, title),
      content,
      trouble,
      el(
        'div',
        { class: 'row end' },
        el('button', { type: 'button', on: { click: () => dialog.close() } }, 'Not now'),
        submit,
      ),
    );
    const dialog = el('dialog', { 'aria-labelledby': id }, form);
    let is_done = false;
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      submit.disabled = true;
      try {
        await act(Object.fromEntries(new FormData(form)));
        is_done = true;
        dialog.close();
      } catch (error) {
        trouble.replaceChildren(error_notice(error));
      }
      submit.disabled = false;
    });
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(is_done);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

let toast = null;
let timer = 0;
export function toast_place() {
  toast = el('div', { class: 'toast', role: 'status' });
  return toast;
}

export function tell(text) {
  clearTimeout(timer);
  toast.textContent = text;
  timer = setTimeout(() => (toast.textContent = ''), 8_000);
}

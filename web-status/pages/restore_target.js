// Where restored items go, and what happens to what lies there already.
import { el, new_id, replace } from './dom.js';
import { mailbox_picker } from './mailbox_picker.js';
import { field, name, notice, option } from './parts.js';

const kConflicts = [
  ['skip', 'Skip', 'what lies there unchanged stays; the rest is restored'],
  ['copy', 'Copy', 'restores beside what is there, even if that is the same'],
  ['replace', 'Replace', 'brings what lies there to the version of the restore point'],
];

function radios(legend, choices, current, on_choose) {
  const group = new_id('choice');
  return el(
    'fieldset',
    { class: 'field' },
    el('legend', {}, legend),
    choices.map(([value, text, hint]) =>
      option(
        el('input', {
          type: 'radio',
          name: group,
          value,
          checked: value === current,
          on: { change: () => on_choose(value) },
        }),
        text,
        hint,
      ),
    ),
  );
}

function mailbox_choice(draft, signal) {
  const place = el('div', { class: 'stack' });
  function show_picker() {
    const picker = mailbox_picker({
      label: 'Restore into the mailbox',
      signal,
      on_pick: (mailbox) => {
        draft.set({ target: mailbox.mailbox_id === draft.mailbox.mailbox_id ? null : mailbox });
        show_chosen(true);
      },
    });
    replace(
      place,
      picker.node,
      el(
        'div',
        {},
        el(
          'button',
          {
            type: 'button',
            on: {
              click: () => {
                draft.set({ target: null });
                show_chosen(true);
              },
            },
          },
          'Into the same mailbox',
        ),
      ),
    );
    picker.input.focus();
  }
  function show_chosen(takes_focus = false) {
    const other = el('button', { type: 'button', on: { click: show_picker } }, 'Choose another');
    replace(
      place,
      el('span', { class: 'label' }, 'Into the mailbox'),
      el(
        'div',
        { class: 'row' },
        el('strong', {}, name((draft.target ?? draft.mailbox).address)),
        !draft.target && '(the same)',
        other,
      ),
    );
    if (takes_focus) other.focus();
  }
  show_chosen();
  return place;
}

export function target_form({ draft, signal }) {
  const into = el('input', {
    value: draft.into,
    maxlength: 255,
    placeholder: 'Restored, with the time of the restore point',
    on: { input: () => draft.set({ into: into.value.trim() }) },
  });
  const into_field = field('Name of the folder', into, {
    hint: 'Left empty, it is named after the restore point. ' + 'Write / between levels.',
  });
  const warning = el('div', { role: 'status' });
  const show = () => {
    into_field.hidden = draft.place === 'in_place';
    replace(
      warning,
      draft.place === 'in_place' &&
        draft.on_conflict === 'replace' &&
        notice(
          'warn',
          el('p', {}, 'Items that were changed since are overwritten with their old version.'),
        ),
    );
  };
  const change = (values) => {
    draft.set(values);
    show();
  };
  show();
  return el(
    'div',
    { class: 'form' },
    mailbox_choice(draft, signal),
    radios(
      'Into the folders',
      [
        ['new', 'A new folder', 'nothing that is there now is touched'],
        ['in_place', 'Where they came from', 'the original folders'],
      ],
      draft.place,
      (place) => change({ place }),
    ),
    into_field,
    radios('If an item is there already', kConflicts, draft.on_conflict, (on_conflict) =>
      change({ on_conflict }),
    ),
    warning,
  );
}

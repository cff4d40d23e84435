// 5,000 made-up mailboxes in all states, with names that no page may trip over, and their nights.
import { chance, id_of, one_of, whole } from './chance.mjs';

export const kDay = 86_400_000;
const kFirst = [
  'Adele',
  'Bruno',
  'Chiara',
  'Dilek',
  'Enno',
  'Farah',
  'Grete',
  'Hamid',
  'Ines',
  'Jonas',
  'Katalin',
  'Liam',
  'Mira',
  'Nils',
  'Olena',
  'Pavel',
  'Quentin',
  'Rosa',
  'Sven',
  'Tuğçe',
  'Ulrike',
  'Vasco',
  'Wanda',
  'Ximena',
  'Yusuf',
  'Zoë',
];
const kLast = [
  'Vance',
  'Okafor',
  'Brandt',
  'Marchetti',
  'Nguyen',
  'Petrov',
  'Larsen',
  'Haddad',
  'Kowalska',
  'Ibarra',
  'Schuster',
  'Tanaka',
  'Moreau',
  'Fischer',
  'Almeida',
  'O’Neill',
  'Szabó',
  'Wagner',
];
const kShared = [
  'Reception',
  'Invoices',
  'Warranty',
  'Careers',
  'Press office',
  'Facilities',
  'Dispatch',
];
const kStrange = [
  '🧯 Fire wardens 🚒 (all sites)',
  'محمد الأمين — قسم المبيعات',
  '<img src=x onerror=alert(1)><b>Bold & "quoted"</b>',
  `A name of 255 characters ${'without-a-single-place-to-break-it-'.repeat(7)}`.slice(0, 255),
  'Zoë\u202eexe.tnemyap\u202c',
  '   ',
];

// Counted from the front, so that a test finds one of each on the first page of its state.
function state_of(index) {
  if (index < 40) return 'protected';
  if (index < 69) return 'at_risk';
  if (index < 106) return 'unprotected';
  if (index < 286) return 'excluded';
  if (index < 330) return 'unsupported';
  return 'protected';
}

const kReasons = {
  protected: [null],
  at_risk: [
    'the last good backup is older than promised: the service throttles this mailbox',
    'the last run was partial: 3 items failed twice',
  ],
  unprotected: [
    'no policy selects it',
    'not backed up yet',
    'no complete backup yet',
    'denied: the application access policy leaves this mailbox out (ErrorAccessDenied)',
  ],
  excluded: ['excluded by policy nightly'],
  unsupported: [
    'the mailbox lies on premises (MailboxNotEnabledForRESTAPI)',
    'no licence for Exchange Online (MailboxNotFound)',
  ],
};

function name_of(index) {
  if (index < kStrange.length) return kStrange[index];
  if (index % 23 === 7) return `${one_of(kShared, 'shared', index)} ${index}`;
  return `${one_of(kFirst, 'first', index)} ${one_of(kLast, 'last', index)}`;
}

function address_of(index, name) {
  if (index === 3) return `${'long-address-'.repeat(4)}3@contoso.example`;
  const plain = name
    .normalize('NFD')
    .replace(/[^A-Za-z0-9 ]/g, '')
    .trim()
    .toLowerCase();
  return `${plain.replace(/ +/g, '.') || 'mailbox'}.${index}@contoso.example`.slice(-64);
}

function policy_of(index, state) {
  if (state === 'unsupported' || (state === 'unprotected' && index % 4 === 0)) return null;
  return index % 23 === 7 ? 'shared' : 'nightly';
}

export function make_mailbox(index, now) {
  const state = state_of(index);
  const name = name_of(index);
  const reason =
    state === 'unprotected'
      ? kReasons.unprotected[index % 4]
      : one_of(kReasons[state], 'reason', index);
  const has_points = state === 'protected' || state === 'at_risk';
  const age =
    state === 'at_risk' ? whole(30, 90, 'age', index) * 3600 : whole(9000, 26000, 'age', index);
  const items = has_points ? (index === 0 ? 124_318 : whole(900, 48_000, 'items', index)) : 0;
  return {
    type: 'mailbox',
    mailbox_id: state === 'unsupported' ? null : id_of('mailbox', index),
    address: address_of(index, name),
    display_name: name.trim() === '' ? null : name,
    tenant: 'contoso',
    purpose: state === 'unsupported' ? null : index % 23 === 7 ? 'shared' : 'user',
    policy: policy_of(index, state),
    state,
    reason,
    last_good_backup: has_points ? rfc3339(now - age * 1000) : null,
    age_seconds: has_points ? age : null,
    promised_seconds: policy_of(index, state) === null ? null : 93_600,
    snapshots: has_points ? nights_of(index).length : 0,
    items,
    bytes: items * whole(38_000, 120_000, 'bytes', index),
    held: index % 97 === 2,
    protected: state === 'protected',
  };
}

export const rfc3339 = (time) => new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');

// Days before today that have a restore point: every one of 30, then thinner up to 400.
function nights_of(index) {
  const nights = [];
  for (let day = 399; day >= 0; --day) {
    const is_kept = day < 45 || (day < 150 && day % 7 === 3) || day % 30 === 9 || index === 0;
    if (is_kept && chance('gap', index, day) > 0.03) nights.push(day);
  }
  return nights;
}

export function make_nights(mailbox, index, now) {
  if (mailbox.last_good_backup === null) return [];
  const newest = Date.parse(mailbox.last_good_backup);
  return nights_of(index).map((day) => {
    const share = 1 - day / 900 + 0.002 * chance('share', index, day);
    const is_incomplete = day > 0 && chance('incomplete', index, day) < 0.02;
    return {
      type: 'snapshot',
      id: id_of('snapshot', index, day).toUpperCase().slice(0, 26),
      mailbox: mailbox.address,
      mailbox_id: mailbox.mailbox_id,
      time: rfc3339(newest - day * kDay + whole(0, 900, 'jitter', index, day) * 1000 * (day > 0)),
      complete: !is_incomplete,
      items: Math.round(mailbox.items * share),
      bytes: Math.round(mailbox.bytes * share),
      policy: mailbox.policy,
      held: mailbox.held || (index === 0 && day === 200),
      last_verified: day > 3 ? rfc3339(now - whole(1, 40, 'verified', index, day) * kDay) : null,
      tenant: 'contoso',
      purpose: mailbox.purpose,
    };
  });
}

// Figures and times as people read them. Pure; what is exact goes into a title beside it.

const kCount = new Intl.NumberFormat('en-GB');
const kUnits = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'];
const kNone = '–';

export const count = (number) =>
  number === null || number === undefined ? kNone : kCount.format(number);

export const counted = (number, one, many = `${one}s`) =>
  `${count(number)} ${number === 1 ? one : many}`;

// "1.13 TB": three figures that count.
export function size(bytes) {
  if (bytes === null || bytes === undefined) return kNone;
  let value = Math.abs(bytes);
  let unit = 0;
  while (value >= 999.5 && unit < kUnits.length - 1) {
    value /= 1000;
    ++unit;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${bytes < 0 ? '−' : ''}${value.toFixed(digits)}\u00a0${kUnits[unit]}`;
}

export const exact_size = (bytes) =>
  bytes === null || bytes === undefined ? '' : counted(bytes, 'byte');

export const factor = (number) =>
  number === null || number === undefined ? kNone : `${number.toFixed(number < 10 ? 2 : 1)} ×`;

// "45 s", "12 min", "3 h 20 min", "61 days".
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return kNone;
  if (seconds < 9.95 && seconds % 1 !== 0) return `${seconds.toFixed(1)}\u00a0s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}\u00a0s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes}\u00a0min`;
  if (minutes < 48 * 60) {
    const rest = minutes % 60;
    return `${Math.floor(minutes / 60)}\u00a0h${rest ? ` ${rest}\u00a0min` : ''}`;
  }
  return counted(Math.round(seconds / 86_400), 'day');
}

const kDay = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const kTime = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});
const kShortDay = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const kShortMonth = new Intl.DateTimeFormat('en-GB', { month: 'short', year: '2-digit' });
const kShortCount = new Intl.NumberFormat('en-US', {
  notation: 'compact',
  maximumFractionDigits: 2,
});
const kLongDay = new Intl.DateTimeFormat('en-GB', {
  weekday: 'long',
  day: 'numeric',
  month: 'long',
  year: 'numeric',
});
const kMonth = new Intl.DateTimeFormat('en-GB', { month: 'long', year: 'numeric' });

// In the viewer's zone.
export const day = (time) => kDay.format(new Date(time));
export const clock = (time) => kTime.format(new Date(time));
export const moment = (time) => `${day(time)}, ${clock(time)}`;
export const long_day = (time) => kLongDay.format(new Date(time));
export const short_day = (time) => kShortDay.format(new Date(time));
export const short_month = (time) => kShortMonth.format(new Date(time));
export const short_count = (number) => kShortCount.format(number);
export const month = (time) => kMonth.format(new Date(time));
export const utc = (time) =>
  `${String(time)
    .replace('T', ' ')
    .replace(/(\.\d+)?Z$/, '')} UTC`;
// "2026-11-28" of the viewer's zone.
export function day_key(time) {
  const date = new Date(time);
  const two = (number) => String(number).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

// "5 h ago", "in 7 h 20 min".
export function relative(time, now = Date.now()) {
  const seconds = (new Date(time).getTime() - now) / 1000;
  if (Math.abs(seconds) < 45) return seconds > 0 ? 'in a moment' : 'just now';
  return seconds > 0 ? `in ${duration(seconds)}` : `${duration(-seconds)} ago`;
}

export const share = (part, whole) =>
  whole > 0 ? `${((100 * part) / whole).toFixed(1)} %` : kNone;

// The parts of a folder path: a slash inside of a name is written with a backslash before it.
export const path_parts = (path) => (path === '' ? [] : (path.match(/(?:\\.|[^\\/])+/g) ?? []));
export const folder_name = (path) => (path_parts(path).at(-1) ?? '').replace(/\\(.)/g, '$1');
export const shown_path = (path) =>
  path_parts(path)
    .map((part) => part.replace(/\\(.)/g, '$1'))
    .join(' › ');

const kStates = {
  protected: 'Protected',
  at_risk: 'At risk',
  unprotected: 'Unprotected',
  excluded: 'Excluded',
  unsupported: 'Unsupported',
  complete: 'Complete',
  partial: 'Partial',
  failed: 'Failed',
  interrupted: 'Interrupted',
  cancelled: 'Cancelled',
  running: 'Running',
  queued: 'Queued',
  paused: 'Paused',
  ended: 'Ended',
  warning: 'Warning',
  bad: 'Serious',
  good: 'Good',
  critical: 'Critical',
  error: 'Error',
  info: 'Note',
  done: 'Done',
  denied: 'Denied',
  begun: 'Begun',
};
export const word = (state) => kStates[state] ?? state;

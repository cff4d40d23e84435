// Randomness that is the same in every run: the made-up appliance never surprises a test.

function hash(text) {
  let state = 2166136261;
  for (const character of text) {
    state = Math.imul(state ^ character.codePointAt(0), 16777619);
  }
  return state >>> 0;
}

// Between 0 and 1, by what it is for.
export function chance(...purpose) {
  let state = (hash(purpose.join('|')) + 0x6d2b79f5) | 0;
  state = Math.imul(state ^ (state >>> 15), state | 1);
  state ^= state + Math.imul(state ^ (state >>> 7), state | 61);
  return ((state ^ (state >>> 14)) >>> 0) / 4294967296;
}

export const whole = (least, most, ...purpose) =>
  least + Math.floor(chance(...purpose) * (most - least + 1));

export const one_of = (list, ...purpose) => list[whole(0, list.length - 1, ...purpose)];

export const id_of = (...purpose) =>
  Array.from({ length: 4 }, (_, part) =>
    hash(`${part}|${purpose.join('|')}`)
      .toString(16)
      .padStart(8, '0'),
  ).join('');

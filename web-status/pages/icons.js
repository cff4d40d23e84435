// Small drawings that say by their shape what their colour says.
import { svg } from './dom.js';

const kShapes = {
  good: ['M10 1.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17Z', 'M6 10.3l2.7 2.7L14 7.4'],
  warn: ['M10 1.8 19 17.8H1Z', 'M10 7.5v4.7M10 14.6v.6'],
  bad: ['M6.4 1.5h7.2l5 5v7l-5 5H6.4l-5-5v-7Z', 'M7 7l6 6M13 7l-6 6'],
  quiet: ['M10 1.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17Z', 'M6.5 10h7'],
  live: ['M10 1.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17Z', 'M8.2 6.6l5 3.4-5 3.4Z'],
};

// Decoration: the word stands beside it.
export function icon(kind) {
  const [outline, sign] = kShapes[kind] ?? kShapes.quiet;
  return svg(
    'svg',
    { class: `icon ${kind}`, viewBox: '0 0 20 20', 'aria-hidden': 'true' },
    svg('path', { d: outline, fill: 'none', stroke: 'currentColor', 'stroke-width': 1.7 }),
    svg('path', {
      d: sign,
      fill: 'none',
      stroke: 'currentColor',
      'stroke-width': 2,
      'stroke-linecap': 'round',
      'stroke-linejoin': 'round',
    }),
  );
}

export const logo = () =>
  svg(
    'svg',
    { viewBox: '0 0 32 32', 'aria-hidden': 'true' },
    svg('rect', { x: 3, y: 6, width: 26, height: 21, rx: 4, fill: '#1f5fa8' }),
    svg('path', { d: 'M3 13h26', stroke: '#fff', 'stroke-width': 2.4 }),
    svg('circle', { cx: 16, cy: 18.5, r: 2.8, fill: '#fff' }),
  );

const kKinds = {
  protected: 'good',
  complete: 'good',
  good: 'good',
  done: 'good',
  restored: 'good',
  replaced: 'good',
  verified: 'good',
  at_risk: 'warn',
  partial: 'warn',
  warning: 'warn',
  interrupted: 'warn',
  cancelled: 'warn',
  paused: 'warn',
  unprotected: 'bad',
  failed: 'bad',
  bad: 'bad',
  critical: 'bad',
  error: 'bad',
  denied: 'bad',
  running: 'live',
  queued: 'live',
};
// How a state looks: good, warn, bad, live or quiet.
export const kind_of = (state) => kKinds[state] ?? 'quiet';

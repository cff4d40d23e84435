// Lines and bars over time, drawn by uPlot; the same figures stand in a table below, for those who
// do not see the drawing or want to copy it.
import { el } from './dom.js';
import * as format from './format.js';
import { table } from './table.js';

const kHeight = 190;
const kMostRows = 60;

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const kMonth = 27 * 86_400;
const font = () => `12px ${colour('--font')}`;

const time_axis = () => ({
  stroke: colour('--muted'),
  font: font(),
  size: 28,
  space: 70,
  grid: { show: false },
  ticks: { show: false },
  values: (_, splits, __, ___, step) =>
    splits.map((split) =>
      step >= kMonth ? format.short_month(split * 1000) : format.short_day(split * 1000),
    ),
});

const value_axis = (series, number) => ({
  stroke: colour('--muted'),
  font: font(),
  size: 62,
  side: number === 0 ? 3 : 1,
  scale: series.scale ?? 'y',
  grid: { stroke: colour('--line'), width: 1, show: number === 0 },
  ticks: { show: false },
  values: (_, splits) =>
    splits.map((split) => (split === null ? '' : (series.axis_format ?? series.format)(split))),
});

function line(series, number) {
  const stroke = colour(`--plot-${number + 1}`);
  return {
    label: series.label,
    scale: series.scale ?? 'y',
    stroke,
    width: 2,
    points: { show: false },
    value: (_, value) => (value === null ? '–' : series.format(value)),
    ...(series.is_bars && { paths: window.uPlot.paths.bars({ size: [0.7, 40] }), fill: stroke }),
    ...(number > 0 && { dash: [6, 4] }), // told apart without colours, too
  };
}

// What the legend says while nobody points anywhere.
const show_newest = (drawn) => drawn.setLegend({ idx: drawn.data[0].length - 1 });

function options_of(width, all, height, from_zero) {
  const scales = { x: { time: true } };
  for (const series of all) {
    scales[series.scale ?? 'y'] = from_zero
      ? { range: (_, least, most) => [Math.min(0, least), (most || 1) * 1.08] }
      : {
          range: (_, least, most) => {
            const room = (most - least || Math.abs(most) || 1) * 0.08;
            return [least - room, most + room];
          },
        };
  }
  const sides = [...new Map(all.map((series) => [series.scale ?? 'y', series])).values()];
  return {
    width,
    height,
    scales,
    cursor: { y: false, points: { size: 7 } },
    legend: { live: true },
    hooks: {
      ready: [show_newest],
      setCursor: [(drawn) => drawn.cursor.idx === null && show_newest(drawn)],
    },
    axes: [time_axis(), ...sides.map(value_axis)],
    series: [
      { label: 'Day', value: (_, time) => (time === null ? '–' : format.day(time * 1000)) },
      ...all.map(line),
    ],
  };
}

// `times`: RFC 3339. `series`: [{label, values, format, scale, is_bars}]. The plot lives until
// `signal` is aborted and follows its room and the colours of the system.
export function plot({
  label,
  times,
  series,
  signal,
  height = kHeight,
  from_zero = false,
  has_table = true,
}) {
  const canvas = el('div', { class: 'canvas', role: 'img', 'aria-label': label });
  const data = [times.map((time) => Date.parse(time) / 1000), ...series.map((each) => each.values)];
  let drawn = null;
  let width = 0;

  function draw() {
    drawn?.destroy();
    drawn = new window.uPlot(options_of(width, series, height, from_zero), data, canvas);
    // Its legend is laid out by a table, which is none.
    drawn.root.querySelector('.u-legend')?.setAttribute('role', 'presentation');
  }

  const watcher = new ResizeObserver(() => {
    if (canvas.clientWidth === 0 || canvas.clientWidth === width) return;
    width = canvas.clientWidth;
    if (drawn) drawn.setSize({ width, height });
    else draw();
  });
  watcher.observe(canvas);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => drawn && draw(), {
    signal,
  });
  signal.addEventListener('abort', () => {
    watcher.disconnect();
    drawn?.destroy();
  });
  return el('figure', { class: 'plot' }, canvas, has_table && as_table(label, times, series));
}

function as_table(label, times, series) {
  const step = Math.ceil(times.length / kMostRows);
  const rows = times
    .map((_, number) => number)
    .reverse()
    .filter((_, place) => place % step === 0);
  const columns = [
    { title: 'Day', cell: (at) => format.day(times[at]) },
    ...series.map((each) => ({
      title: each.label,
      class: 'number',
      cell: (at) => (each.values[at] === null ? '–' : each.format(each.values[at])),
    })),
  ];
  const details = el('details', {}, el('summary', { class: 'small' }, 'The same as a table'));
  details.addEventListener('toggle', () => {
    if (details.open && details.childElementCount === 1) {
      details.append(
        el(
          'div',
          { class: 'tall', tabindex: 0, role: 'region', 'aria-label': `${label}, as a table` },
          table(label, columns, rows),
        ),
      );
    }
  });
  return details;
}

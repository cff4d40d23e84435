// What every page has to keep, whatever it shows.
import assert from 'node:assert/strict';

export async function check_no_sideways_scroll(page) {
  const wide = await page.evaluate(() => {
    const room = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= room) return [];
    return [...document.querySelectorAll('main *, header *')]
      .filter((each) => each.getBoundingClientRect().right > room + 1)
      .slice(0, 5)
      .map((each) => `${each.tagName}.${each.className} ${each.textContent.slice(0, 40)}`);
  });
  assert.deepEqual(wide, [], 'the page scrolls sideways');
}

// WCAG AA: 4.5, or 3 where text is large.
export async function check_contrast(page) {
  const faint = await page.evaluate(() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const known = new Map();
    const rgba = (colour) => {
      if (!known.has(colour)) {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        known.set(colour, [...canvas.getImageData(0, 0, 1, 1).data]);
      }
      return known.get(colour);
    };
    const over = ([r, g, b, a], below) =>
      [r, g, b].map((each, at) => (each * a + below[at] * (255 - a)) / 255);
    const ground_of = (element) => {
      const layers = [];
      for (let each = element; each; each = each.parentElement)
        layers.push(rgba(getComputedStyle(each).backgroundColor));
      return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
    };
    const light = (colour) =>
      colour
        .map((each) => each / 255)
        .map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4))
        .reduce((sum, each, at) => sum + each * [0.2126, 0.7152, 0.0722][at], 0);
    const found = new Set();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = node.parentElement;
      if (node.data.trim() === '' || !element.checkVisibility({ visibilityProperty: true }))
        continue;
      if (element.closest('.for-ears, noscript, .skip')) continue;
      const style = getComputedStyle(element);
      const ground = ground_of(element);
      const [one, other] = [light(over(rgba(style.color), ground)), light(ground)];
      const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
      const size = parseFloat(style.fontSize);
      const least = size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5;
      if (ratio < least)
        found.add(
          `${ratio.toFixed(2)} ${element.tagName}.${element.className} "${node.data.slice(0, 30)}"`,
        );
    }
    return [...found].slice(0, 8);
  });
  assert.deepEqual(faint, [], 'text is too faint');
}

const kControls = [
  'button',
  'link',
  'textbox',
  'searchbox',
  'combobox',
  'checkbox',
  'radio',
  'spinbutton',
  'progressbar',
  'slider',
  'switch',
  'Date',
  'dialog',
  'navigation',
  'region',
  'image',
  'img',
  'table',
];

// The tree that assistive technology sees: what can be used or found has a name, and pages have
// landmarks.
export async function check_names(session) {
  const client = await session.context.newCDPSession(session.page);
  const { nodes } = await client.send('Accessibility.getFullAXTree');
  await client.detach();
  const seen = nodes.filter((node) => !node.ignored);
  const nameless = seen
    .filter((node) => kControls.includes(node.role?.value) && !node.name?.value?.trim())
    .map((node) => `${node.role.value} ${JSON.stringify(node.properties?.slice(0, 2))}`);
  assert.deepEqual(nameless, [], 'controls without a name');
  assert.equal(seen.filter((node) => node.role?.value === 'main').length, 1, 'one main landmark');
  assert.equal(
    seen.filter((node) => node.role?.value === 'banner').length,
    1,
    'one banner landmark',
  );
  const levels = await session.page.evaluate(() =>
    [...document.querySelectorAll('h1, h2, h3, h4')]
      .filter((each) => each.checkVisibility())
      .map((each) => Number(each.tagName[1])),
  );
  assert.equal(
    levels.filter((level) => level === 1).length,
    1,
    `one heading of level 1, not of ${levels}`,
  );
  for (let at = 1; at < levels.length; ++at) {
    assert.ok(levels[at] <= levels[at - 1] + 1, `no heading level is left out: ${levels}`);
  }
  const cells = seen.filter((node) => ['cell', 'gridcell'].includes(node.role?.value)).length;
  const headers = seen.filter((node) => node.role?.value === 'columnheader').length;
  assert.ok(cells === 0 || headers > 0, 'tables have headers');
}

// Tab reaches everything that can be used, and what has the focus shows it.
export async function check_keyboard(page) {
  const wanted = await page.evaluate(() => {
    document.activeElement?.blur();
    getSelection().removeAllRanges();
    const selector =
      'a[href], button:not(:disabled), input:not(:disabled), select, textarea, summary, ' +
      '[tabindex="0"]';
    const all = [...document.querySelectorAll(selector)].filter(
      (each) => each.checkVisibility({ visibilityProperty: true }) && each.tabIndex >= 0,
    );
    const groups = new Set(); // of radio buttons one is a stop, arrows reach the others
    const stops = all.filter((each) => {
      if (each.type !== 'radio') return true;
      if (all.some((other) => other.name === each.name && other.checked && other !== each))
        return false;
      return !groups.has(each.name) && groups.add(each.name);
    });
    stops.forEach((each, number) => (each.dataset.stop = number));
    return stops.length;
  });
  const reached = new Set();
  let last = null; // a date has several stops inside
  const invisible = [];
  for (let press = 0; press < wanted + 40; ++press) {
    await page.keyboard.press('Tab');
    const now = await page.evaluate(() => {
      const active = document.activeElement;
      const style = getComputedStyle(active);
      const box = active.getBoundingClientRect();
      return {
        stop: active.dataset.stop ?? null,
        has_ring: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
        is_in_view: box.bottom > 0 && box.top < innerHeight,
        what: active.outerHTML.slice(0, 90),
      };
    });
    if (now.stop === null || now.stop === last) continue;
    if (reached.has(now.stop)) break;
    last = now.stop;
    reached.add(now.stop);
    if (!now.has_ring || !now.is_in_view) invisible.push(now.what);
  }
  assert.deepEqual(invisible, [], 'the focus cannot be seen');
  const missed = await page.evaluate(
    (names) =>
      [...document.querySelectorAll('[data-stop]')]
        .filter((each) => !names.includes(each.dataset.stop))
        .map((each) => each.outerHTML.slice(0, 90)),
    [...reached],
  );
  assert.deepEqual(missed, [], 'Tab does not reach this');
  return wanted;
}

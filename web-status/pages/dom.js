// Builds elements. Text is only ever set as text, so that a name may hold anything.

const kSvg = 'http://www.w3.org/2000/svg';

function set(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name === 'on') {
    for (const [event, listener] of Object.entries(value))
      element.addEventListener(event, listener);
  } else if (name === 'value' || name === 'checked' || name === 'disabled' || name === 'max') {
    element[name] = value;
  } else {
    element.setAttribute(name, value === true ? '' : String(value));
  }
}

function append(parent, children) {
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) parent.append(child);
  }
}

// `properties`: attributes; `on` holds listeners. Children: nodes, texts, lists of them, or
// nothing.
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  const { value, ...others } = properties;
  for (const [name, each] of Object.entries(others)) set(element, name, each);
  append(element, children);
  set(element, 'value', value); // last: it has to be among the options of a select
  return element;
}

export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(kSvg, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  append(element, children);
  return element;
}

// Puts other children in. Who had the focus inside keeps it if its `data-key` is still there.
export function replace(parent, ...children) {
  const active = document.activeElement;
  const key = parent.contains(active) ? active.getAttribute('data-key') : null;
  parent.replaceChildren();
  append(parent, children);
  if (key === null) return;
  const again = parent.querySelector(`[data-key="${CSS.escape(key)}"]`);
  again?.focus({ preventScroll: true });
}

let last_id = 0;
// An id for what a label or a description points to.
export const new_id = (what) => `${what}-${++last_id}`;

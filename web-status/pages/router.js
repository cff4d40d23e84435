// Where we are, in the fragment of the URL: "#/mailboxes/ID?state=unprotected".

export function place() {
  const [path, search = ''] = location.hash.replace(/^#\/?/, '').split(/\?(.*)/s);
  const parts = path
    .split('/')
    .filter((each) => each !== '')
    .map(decode);
  return {
    view: parts[0] ?? 'overview',
    part: parts[1] ?? null,
    query: Object.fromEntries(new URLSearchParams(search)),
  };
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // somebody typed a lone percent sign
  }
}

export function link(view, part = null, query = {}) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== '' && value !== null && value !== undefined) search.set(name, value);
  }
  const text = search.toString();
  return `#/${view}${part === null ? '' : `/${encodeURIComponent(part)}`}${text ? `?${text}` : ''}`;
}

export function go(hash) {
  location.hash = hash;
}

// Keeps the URL in step with what is shown, without showing the page anew.
export function note_query(query) {
  const { view, part } = place();
  history.replaceState(null, '', link(view, part, query));
}

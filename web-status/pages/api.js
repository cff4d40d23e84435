// Asks the appliance. What goes wrong comes as ApiError, whose message is for people.

export class ApiError extends Error {
  // `status` 0: nobody answered.
  constructor(status, record, retry_after) {
    super(record.message);
    this.status = status;
    this.kind = record.kind;
    this.context = record.context ?? [];
    this.retry_after = retry_after;
  }
}

// Tells "signed-out" when the appliance does not know us any longer, "unreachable" when nobody
// answers.
export const api_events = new EventTarget();
let csrf_token = '';

export function use_session(session) {
  csrf_token = session?.csrf_token ?? '';
}

function url_of(path, query) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== '' && value !== null && value !== undefined) search.set(name, value);
  }
  const text = search.toString();
  return `api/v1/${path}${text ? `?${text}` : ''}`;
}

async function error_of(response) {
  let record = null;
  try {
    record = await response.json();
  } catch {
    // Something between us and the appliance answered in its own words.
  }
  if (typeof record?.message !== 'string') {
    record = {
      kind: 'unavailable',
      message: `the answer was status ${response.status} without a reason`,
    };
  }
  return new ApiError(response.status, record, Number(response.headers.get('Retry-After') ?? 0));
}

async function ask(method, path, { query, body, signal } = {}) {
  const headers = { Accept: 'application/json' };
  if (method !== 'GET') headers['X-CSRF-Token'] = csrf_token;
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  let response;
  try {
    response = await fetch(url_of(path, query), {
      method,
      headers,
      signal,
      credentials: 'same-origin',
      cache: 'no-store',
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    api_events.dispatchEvent(new Event('unreachable'));
    throw new ApiError(0, { kind: 'unreachable', message: 'the appliance does not answer' });
  }
  if (response.ok) return response.status === 204 ? null : response.json();
  const error = await error_of(response);
  if (error.status === 401 && path !== 'session') api_events.dispatchEvent(new Event('signed-out'));
  throw error;
}

export const get = (path, query, signal) => ask('GET', path, { query, signal });
export const post = (path, body) => ask('POST', path, { body });
const put = (path, body) => ask('PUT', path, { body });
// Whoever changes the own password goes on in a new session, with another token.
export async function set_password(account, password) {
  const answer = await put(`accounts/${part(account)}/password`, { password });
  if (answer?.type === 'session') use_session(answer);
}
export const remove = (path, body) => ask('DELETE', path, { body });
// Safe inside of a path.
export const part = (text) => encodeURIComponent(text);
export const report_url = (job) => `api/v1/jobs/${part(job)}/report`;

// A stand-in for `coffer serve`: the pages, and API.md spoken for a made-up appliance.
// Usage: node server.mjs [--pages DIRECTORY] [--port N] [--no-accounts]. Prints its URL on a line.
// What only tests ask for lies below /stand-in: POST fail {"path","status"} makes the next answer
// to a path below /api/v1 an error; POST reset takes that back.
import { createReadStream, existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { ApiError, Appliance, page_of } from './appliance.mjs';
import { shown } from './job_runs.mjs';
import * as overview from './overview.mjs';
import { Sessions } from './sessions.mjs';
import { rfc3339 } from './tenant.mjs';

const { values: options } = parseArgs({
  options: {
    pages: {
      type: 'string',
      default: fileURLToPath(new URL('../../../../web-status/pages', import.meta.url)),
    },
    port: { type: 'string', default: '0' },
    'no-accounts': { type: 'boolean', default: false },
  },
});
const appliance = new Appliance();
const sessions = new Sessions(!options['no-accounts']);
const failures = new Map();
const kRanks = { viewer: 0, operator: 1, admin: 2 };
const kTypes = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};
const kHeaders = {
  'Content-Security-Policy':
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
};

function answer(response, status, body, headers = {}) {
  const text = body === undefined ? '' : JSON.stringify(body);
  response.writeHead(status, { ...kHeaders, 'Content-Type': 'application/json', ...headers });
  response.end(text);
}

function answer_error(response, error) {
  const status = error instanceof ApiError ? error.status : 500;
  const record = {
    type: 'error',
    kind: error.kind ?? 'internal',
    message: error.message,
    context: [],
  };
  answer(response, status, record, error.retry_after ? { 'Retry-After': error.retry_after } : {});
}

async function body_of(request) {
  let text = '';
  for await (const piece of request) text += piece;
  if (text === '') return {};
  if (!(request.headers['content-type'] ?? '').startsWith('application/json')) {
    throw new ApiError(415, 'usage', 'bodies are application/json');
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError(400, 'usage', 'the body is not JSON');
  }
}

const named = (name, page) => ({ [name]: page.records, next: page.next, total: page.total });

// Method and pattern, the least role, and what answers: ({query, page, body, session, parts}).
const kRoutes = [
  ['GET status', 'viewer', () => overview.status(appliance)],
  [
    'GET mailboxes',
    'viewer',
    ({ query, page }) => named('mailboxes', appliance.list_mailboxes(query, page)),
  ],
  ['GET mailboxes/*', 'viewer', ({ parts }) => appliance.mailbox(parts[0])],
  [
    'GET snapshots',
    'viewer',
    ({ query, page }) => named('snapshots', appliance.snapshots(query.mailbox, page)),
  ],
  ['GET items', 'viewer', ({ query, page }) => named('items', appliance.items(query, page))],
  ['GET jobs', 'viewer', ({ query, page }) => named('jobs', appliance.list_jobs(query, page))],
  ['GET jobs/*', 'viewer', ({ parts }) => shown(appliance.job(parts[0]))],
  [
    'GET jobs/*/records',
    'viewer',
    ({ parts, query, page }) => named('records', appliance.records(parts[0], query.type, page)),
  ],
  [
    'GET schedule',
    'viewer',
    ({ page }) => named('schedule', page_of(overview.schedule(appliance), page)),
  ],
  ['GET storage', 'viewer', () => overview.storage(Date.now())],
  ['GET retention', 'viewer', ({ query }) => overview.retention(appliance, query)],
  [
    'GET alerts',
    'viewer',
    ({ page }) => named('alerts', page_of(overview.alerts(Date.now()), page)),
  ],
  [
    'GET audit',
    'viewer',
    ({ query, page }) =>
      named(
        'audit',
        page_of(
          appliance.entries.filter((entry) => !query.since || entry.time >= query.since),
          page,
        ),
      ),
  ],
  ['GET holds', 'viewer', ({ page }) => named('holds', page_of(appliance.holds, page))],
  ['GET settings', 'viewer', () => overview.settings(appliance.begun)],
  ['GET session', 'viewer', ({ session }) => session.record],
  ['POST jobs', 'operator', ({ body, session }) => appliance.start(session.account, body), 202],
  [
    'POST jobs/*/cancel',
    'operator',
    ({ parts, session }) => appliance.cancel(session.account, parts[0]),
  ],
  ['POST holds', 'admin', ({ body, session }) => appliance.add_hold(session.account, body), 201],
  [
    'DELETE holds/*',
    'admin',
    ({ parts, body, session }) => appliance.remove_hold(session.account, parts[0], body.reason),
  ],
  [
    'POST alerts/test',
    'admin',
    () => ({
      type: 'test_alert',
      sent: [
        { to: 'backup-admins@contoso.example', problem: null },
        { to: 'https://chat.example/hook', problem: 'status 502' },
      ],
    }),
  ],
  ['GET accounts', 'admin', ({ page }) => named('accounts', page_of(sessions.list(), page))],
  ['POST accounts', 'admin', ({ body }) => sessions.add(body, rfc3339(Date.now())), 201],
  ['DELETE accounts/*', 'admin', ({ parts }) => sessions.remove(parts[0])],
  [
    'PUT accounts/*/password',
    'viewer',
    ({ parts, body, session }) => sessions.set_password(session, parts[0], body.password),
  ],
];

function match(pattern, path) {
  const [wanted, given] = [pattern.split('/'), path.split('/')];
  if (wanted.length !== given.length) return null;
  const is_match = wanted.every((part, at) => part === '*' || part === given[at]);
  return is_match ? given.filter((_, at) => wanted[at] === '*').map(decodeURIComponent) : null;
}

function route_of(method, path) {
  const known = kRoutes
    .map(([key, ...rest]) => [...key.split(' '), ...rest])
    .filter(([, pattern]) => match(pattern, path));
  const route = known.find(([wanted]) => wanted === method);
  if (route)
    return { parts: match(route[1], path), role: route[2], act: route[3], status: route[4] ?? 200 };
  if (known.length > 0) throw new ApiError(405, 'usage', `${method} is not for ${path}`);
  throw new ApiError(404, 'not_found', `there is nothing at ${path}`);
}

function require_role(session, role, command) {
  const needed = ['forget', 'prune'].includes(command) ? 'admin' : role;
  if (kRanks[session.role] < kRanks[needed]) {
    throw new ApiError(403, 'denied', `this takes the role ${needed}; yours is ${session.role}`);
  }
}

function page_in(query) {
  const limit = Number(query.limit ?? 100);
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000)
    throw new ApiError(400, 'usage', 'limit is 1 to 1000');
  return { after: query.after, limit };
}

async function serve_api(request, response, path, query) {
  if (failures.has(path))
    throw new ApiError(failures.get(path), 'unavailable', 'an error on demand');
  if (path === 'session' && request.method !== 'GET') return serve_login(request, response);
  const session = sessions.of(request);
  if (request.method !== 'GET') sessions.check_token(session, request);
  if (path === 'events') return serve_events(request, response);
  const report = match('jobs/*/report', path);
  if (report) return serve_report(response, report[0]);
  const route = route_of(request.method, path);
  const body = request.method === 'GET' ? {} : await body_of(request);
  require_role(session, route.role, body.command);
  const page = page_in(query);
  const result = route.act({ query, page, body, session, parts: route.parts });
  answer(response, result === undefined ? 204 : route.status, result);
}

async function serve_login(request, response) {
  if (request.method === 'DELETE') {
    const session = sessions.of(request);
    sessions.check_token(session, request);
    sessions.end(request);
    return answer(response, 204);
  }
  const { session, cookie } = sessions.begin(await body_of(request));
  answer(response, 200, session.record, { 'Set-Cookie': cookie });
}

function serve_report(response, id) {
  const job = appliance.job(id);
  response.writeHead(200, {
    ...kHeaders,
    'Content-Type': 'application/x-ndjson',
    'Content-Disposition': `attachment; filename="coffer-${job.command}-${id}.ndjson"`,
  });
  response.end(job.records.map((record) => `${JSON.stringify(record)}\n`).join(''));
}

function serve_events(request, response) {
  response.writeHead(200, { ...kHeaders, 'Content-Type': 'text/event-stream' });
  response.write(': hello\n\n');
  const send = (event, record) =>
    response.write(`event: ${event}\ndata: ${JSON.stringify(record)}\n\n`);
  appliance.listeners.add(send);
  const beat = setInterval(() => response.write(': still here\n\n'), 15_000);
  request.on('close', () => {
    appliance.listeners.delete(send);
    clearInterval(beat);
  });
}

function serve_file(response, path) {
  const file = join(options.pages, normalize(path === '/' ? '/index.html' : path));
  if (!file.startsWith(normalize(options.pages)) || !existsSync(file) || !kTypes[extname(file)]) {
    return answer(response, 404, {
      type: 'error',
      kind: 'not_found',
      message: 'no such page',
      context: [],
    });
  }
  response.writeHead(200, { ...kHeaders, 'Content-Type': kTypes[extname(file)] });
  createReadStream(file).pipe(response);
}

async function serve_control(request, response, what) {
  const body = await body_of(request);
  if (what === 'fail') failures.set(body.path, body.status);
  if (what === 'reset') failures.clear();
  answer(response, 200, {});
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://stand-in');
  try {
    if (url.pathname.startsWith('/api/v1/')) {
      const query = Object.fromEntries(url.searchParams);
      await serve_api(request, response, url.pathname.slice('/api/v1/'.length), query);
    } else if (url.pathname.startsWith('/stand-in/')) {
      await serve_control(request, response, url.pathname.slice('/stand-in/'.length));
    } else {
      serve_file(response, url.pathname);
    }
  } catch (error) {
    if (!(error instanceof ApiError)) console.error(error);
    answer_error(response, error);
  }
});
server.listen(Number(options.port), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/`);
});

// Who asks: accounts, cookies and CSRF tokens of the stand-in. Passwords here are nobody's secret.
import { randomBytes } from 'node:crypto';

import { ApiError } from './appliance.mjs';

const kThrottledAfter = 5;

export class Sessions {
  constructor(has_accounts) {
    this.has_accounts = has_accounts;
    this.accounts = new Map(
      [
        ['vera', 'viewer'],
        ['otto', 'operator'],
        ['ada', 'admin'],
      ].map(([name, role]) => [
        name,
        { name, role, password: `${name}-password`, created: '2026-01-05T09:12:44Z' },
      ]),
    );
    this.by_cookie = new Map();
    this.failures = new Map();
    this.local = make_session('local', 'admin', false);
    this.local.record.csrf_token = null; // no cookie is used
  }

  of(request) {
    if (!this.has_accounts) return this.local;
    const cookie = /(?:^|; )coffer=([0-9a-f]+)/.exec(request.headers.cookie ?? '')?.[1];
    const session = this.by_cookie.get(cookie);
    if (!session) throw new ApiError(401, 'denied', 'log in first');
    return session;
  }

  check_token(session, request) {
    if (session.record.csrf_token === null) return;
    if (request.headers['x-csrf-token'] !== session.record.csrf_token) {
      throw new ApiError(403, 'denied', 'the X-CSRF-Token is missing or wrong');
    }
  }

  begin({ account, password }) {
    const failures = this.failures.get(account) ?? 0;
    if (failures >= kThrottledAfter) {
      this.failures.delete(account);
      throw Object.assign(new ApiError(429, 'denied', 'too many attempts'), { retry_after: 2 });
    }
    const known = this.accounts.get(account);
    if (!known || known.password !== password) {
      this.failures.set(account, failures + 1);
      throw new ApiError(401, 'denied', 'account or password is wrong');
    }
    this.failures.delete(account);
    const cookie = randomBytes(16).toString('hex');
    const session = make_session(account, known.role, true);
    this.by_cookie.set(cookie, session);
    return { session, cookie: `coffer=${cookie}; HttpOnly; SameSite=Strict; Path=/` };
  }

  end(request) {
    this.by_cookie.delete(/coffer=([0-9a-f]+)/.exec(request.headers.cookie ?? '')?.[1]);
  }

  list() {
    return [...this.accounts.values()].map(({ name, role, created }) => ({
      type: 'account',
      name,
      role,
      created,
    }));
  }

  add({ name, role, password }, created) {
    if (!/^[\w.-]{1,64}$/.test(name ?? ''))
      throw new ApiError(400, 'usage', 'a name has letters, digits, . - _');
    if (this.accounts.has(name))
      throw new ApiError(409, 'in_use', `there is an account '${name}' already`);
    check_password(password);
    this.accounts.set(name, { name, role, password, created });
    return { type: 'account', name, role, created };
  }

  remove(name) {
    if (!this.accounts.delete(name))
      throw new ApiError(404, 'not_found', `there is no account '${name}'`);
  }

  set_password(session, name, password) {
    if (session.account !== name && session.role !== 'admin') {
      throw new ApiError(403, 'denied', 'only an admin changes the password of others');
    }
    check_password(password);
    if (!this.accounts.has(name))
      throw new ApiError(404, 'not_found', `there is no account '${name}'`);
    this.accounts.get(name).password = password;
    if (session.account !== name) return { type: 'account', name };
    session.record.csrf_token = randomBytes(16).toString('hex');
    return session.record;
  }
}

function check_password(password) {
  if ((password ?? '').length < 12)
    throw new ApiError(400, 'usage', 'a password has 12 characters at least');
}

function make_session(account, role, accounts) {
  const record = {
    type: 'session',
    account,
    role,
    csrf_token: randomBytes(16).toString('hex'),
    accounts,
  };
  return { account, role, record };
}

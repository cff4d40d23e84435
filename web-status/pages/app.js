// The frame around every page: who is logged in, where they are, whether the appliance is there.
import { api_events, get, remove, use_session } from './api.js';
import { toast_place } from './dialogs.js';
import { el, replace } from './dom.js';
import { live } from './events.js';
import { clock } from './format.js';
import { logo } from './icons.js';
import { empty, error_notice, head, may, notice } from './parts.js';
import { link, place } from './router.js';
import * as account from './views/account.js';
import * as accounts from './views/accounts.js';
import * as alerts from './views/alerts.js';
import * as audit from './views/audit.js';
import * as job from './views/job.js';
import * as jobs from './views/jobs.js';
import * as login from './views/login.js';
import * as mailbox from './views/mailbox.js';
import * as mailboxes from './views/mailboxes.js';
import * as overview from './views/overview.js';
import * as restore from './views/restore.js';
import * as retention from './views/retention.js';
import * as settings from './views/settings.js';
import * as storage from './views/storage.js';

// [view, name, role, what shows it, what shows one of it]
const kViews = [
  ['overview', 'Overview', 'viewer', overview],
  ['mailboxes', 'Mailboxes', 'viewer', mailboxes, mailbox],
  ['restore', 'Restore', 'viewer', restore],
  ['jobs', 'Jobs', 'viewer', jobs, job],
  ['storage', 'Storage', 'viewer', storage],
  ['retention', 'Retention', 'viewer', retention],
  ['alerts', 'Alerts', 'viewer', alerts],
  ['audit', 'Audit', 'viewer', audit],
  ['settings', 'Settings', 'viewer', settings],
  ['accounts', 'Accounts', 'admin', accounts],
];

const main = el('main', { id: 'main', tabindex: -1 });
const side = el('header', { class: 'side' });
const banner = el('div', { class: 'lost', role: 'alert', hidden: true });
const alerts_open = el('span');
let session = null;
let leaving = new AbortController();

const is_offered = ([view, , role]) =>
  may(session, role) && (view !== 'accounts' || session.accounts);

function show_side() {
  const menu = el(
    'button',
    {
      type: 'button',
      class: 'menu-button',
      'aria-expanded': 'false',
      on: {
        click: () => menu.setAttribute('aria-expanded', String(side.classList.toggle('is-open'))),
      },
    },
    'Menu',
  );
  const links =
    session &&
    kViews
      .filter(is_offered)
      .map(([view, name]) =>
        el(
          'li',
          {},
          el('a', { href: link(view), 'data-view': view }, name, view === 'alerts' && alerts_open),
        ),
      );
  replace(
    side,
    el('a', { class: 'brand', href: link('overview') }, logo(), 'coffer'),
    session && [menu, el('nav', { 'aria-label': 'Pages' }, el('ul', {}, links)), who()],
  );
}

function who() {
  if (!session.accounts) {
    return el(
      'div',
      { class: 'who' },
      el('span', { class: 'muted' }, 'Without accounts: everybody on this machine is admin.'),
    );
  }
  return el(
    'div',
    { class: 'who' },
    el(
      'span',
      {},
      el('a', { href: link('account'), 'data-view': 'account' }, session.account),
      el('span', { class: 'muted' }, session.role),
    ),
    el('button', { type: 'button', on: { click: log_out } }, 'Log out'),
  );
}

function mark_side(view) {
  side.classList.remove('is-open');
  side.querySelector('.menu-button')?.setAttribute('aria-expanded', 'false');
  for (const each of side.querySelectorAll('[data-view]')) {
    if (each.dataset.view === view) each.setAttribute('aria-current', 'page');
    else each.removeAttribute('aria-current');
  }
}

const nothing_there = {
  title: 'No such page',
  show: (context) => {
    context.main.append(
      head('There is no such page'),
      el('p', {}, el('a', { href: link('overview') }, 'To the overview')),
    );
  },
};

function view_at({ view, part }) {
  if (view === 'account' && session.accounts) return account;
  const entry = kViews.find(([name]) => name === view);
  if (!entry || !is_offered(entry) || (part !== null && !entry[4])) return nothing_there;
  return part === null ? entry[3] : entry[4];
}

// `is_first`: the page has just come, and the focus is where the browser puts it.
async function show_place(is_first = false) {
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  const where = place();
  const view = view_at(where);
  document.title = `${view.title} – coffer`;
  mark_side(where.view);
  replace(main);
  if (!is_first) {
    scrollTo(0, 0);
    main.focus();
  }
  main.setAttribute('aria-busy', 'true');
  try {
    await view.show({ main, session, signal, ...where });
  } catch (error) {
    if (signal.aborted || error.name === 'AbortError') return;
    if (!main.querySelector('h1')) main.prepend(head(view.title));
    main.append(error_notice(error, () => show_place()));
    live.addEventListener('back', () => show_place(), { signal, once: true });
  } finally {
    if (!signal.aborted) main.removeAttribute('aria-busy');
  }
}

async function count_alerts() {
  try {
    const { alerts_open: open } = await get('status');
    replace(
      alerts_open,
      open > 0 &&
        el(
          'span',
          { class: 'number-badge' },
          String(open),
          el('span', { class: 'for-ears' }, ' open'),
        ),
    );
  } catch (error) {
    if (error.status !== 0 && error.status !== 401) replace(alerts_open); // the overview tells why
  }
}

async function log_out() {
  try {
    await remove('session');
  } catch (error) {
    main.prepend(error_notice(error));
    return;
  }
  show_login();
}

function show_login() {
  live.stop();
  leaving.abort();
  leaving = new AbortController();
  main.removeAttribute('aria-busy');
  session = null;
  banner.hidden = true;
  show_side();
  document.title = 'Log in – coffer';
  for (const dialog of document.querySelectorAll('dialog')) dialog.close();
  replace(main);
  login.show({ main, on_login: (record) => enter(record) });
}

function enter(record, is_first = false) {
  session = record;
  use_session(record);
  show_side();
  live.start();
  count_alerts();
  show_place(is_first);
}

async function begin() {
  try {
    enter(await get('session'), true);
  } catch (error) {
    if (error.status === 401) return show_login();
    replace(main, head('coffer'), error_notice(error, begin));
    setTimeout(() => session === null && main.querySelector('.notice') && begin(), 5_000);
  }
}

live.addEventListener('lost', () => {
  replace(
    banner,
    el(
      'span',
      {},
      el('strong', {}, 'The appliance does not answer. '),
      `What you see is from ${clock(Date.now())}; it goes on by itself when it is back.`,
    ),
    el('button', { type: 'button', on: { click: () => live.retry() } }, 'Try now'),
  );
  banner.hidden = false;
});
live.addEventListener('back', async () => {
  banner.hidden = true;
  try {
    session = await get('session'); // its token may be another one after a restart
    use_session(session);
  } catch (error) {
    if (error.status === 401) show_login();
  }
});
for (const event of ['status', 'alert', 'back']) live.addEventListener(event, count_alerts);
api_events.addEventListener('signed-out', () => session && show_login());
addEventListener('hashchange', () => session && show_place());

document.body.append(
  el(
    'a',
    {
      class: 'skip',
      href: '#main',
      on: {
        click: (event) => {
          event.preventDefault();
          main.focus();
        },
      },
    },
    'Skip to the page',
  ),
  el('div', { class: 'frame' }, side, el('div', {}, banner, main)),
  toast_place(),
);
replace(main, empty('Loading…'));
if (window.uPlot === undefined)
  main.append(notice('warn', el('p', {}, 'Plots could not be loaded.')));
begin();

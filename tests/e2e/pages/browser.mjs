// A browser that notices what a person would only see in its console.
import assert from 'node:assert/strict';

import { chromium } from 'playwright-core';

export async function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-dev-shm-usage',
      '--disable-gpu',
      '--force-color-profile=srgb',
    ],
  });
}

// What the browser says of answers that a test provokes; nothing else may appear.
const kProvoked = new RegExp(
  'the server responded with a status of (4|5)\\d\\d|ERR_CONNECTION_(REFUSED|RESET)|' +
    'ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_EMPTY_RESPONSE',
);

// A page of its own, with nobody logged in. `may_fail`: answers with errors are part of the test.
export async function open_page(
  browser,
  url,
  { width = 1280, height = 800, may_fail = false } = {},
) {
  const context = await browser.newContext({
    viewport: { width, height },
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    acceptDownloads: true,
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`));
  page.on('console', (message) => {
    if (!['error', 'warning'].includes(message.type())) return;
    // That nobody is logged in yet is asked, and answered so.
    if (message.location().url.endsWith('/api/v1/session') && / 401 /.test(message.text())) return;
    if (may_fail && kProvoked.test(message.text())) return;
    complaints.push(`${message.type()}: ${message.text()} (${message.location().url})`);
  });
  await page.exposeFunction('note_violation', (text) => complaints.push(`CSP: ${text}`));
  await page.addInitScript(() =>
    addEventListener('securitypolicyviolation', (event) =>
      window.note_violation(
        `${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`,
      ),
    ),
  );
  return {
    page,
    context,
    url,
    expect_quiet: () => assert.deepEqual(complaints, [], 'the browser complains'),
    close: () => context.close(),
  };
}

// Goes to a place of the pages and waits until nothing is being loaded any longer.
export async function visit(session, hash) {
  await session.page.goto(session.url + hash);
  await settle(session.page);
}

export async function settle(page) {
  await page.locator('main h1').first().waitFor();
  await page.waitForFunction(
    () =>
      !document.querySelector('main[aria-busy], main [aria-busy]') &&
      ![...document.querySelectorAll('main .empty')].some((each) =>
        each.textContent.startsWith('Loading'),
      ),
  );
  await page.evaluate(
    () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
  );
}

export async function log_in(session, { account, password }) {
  await session.page.goto(session.url);
  const field = session.page.getByLabel('Account', { exact: true });
  await field
    .or(session.page.getByRole('navigation', { name: 'Pages' }))
    .or(session.page.getByRole('button', { name: 'Menu' }))
    .first()
    .waitFor();
  if (!(await field.isVisible())) return; // an appliance without accounts
  await field.fill(account);
  await session.page.getByLabel('Password').fill(password);
  await session.page.getByRole('button', { name: 'Log in' }).click();
  await settle(session.page);
}

// The web pages in a browser, against the stand-in or against a running appliance.
// Usage: node run_tests.mjs [--pages DIRECTORY] [--url URL --account NAME --password TEXT]
//   [--screenshots DIRECTORY] [--only PAGE,...] [--test NAME]
// Against a URL, tests that need the stand-in's accounts and faults are left out; jobs are started
// there: never name an appliance that somebody relies on.
import { parseArgs } from 'node:util';

import * as accounts from './account_flows.mjs';
import { launch } from './browser.mjs';
import { speaks_the_api } from './contract.mjs';
import * as looking from './looking_flows.mjs';
import { check_looks } from './looks.mjs';
import * as restoring from './restore_flow.mjs';
import { start_stand_in } from './stand_in.mjs';

const { values: options } = parseArgs({
  options: {
    url: { type: 'string' },
    account: { type: 'string', default: 'ada' },
    password: { type: 'string', default: 'ada-password' },
    screenshots: { type: 'string' },
    only: { type: 'string' },
    pages: { type: 'string' },
    test: { type: 'string' },
  },
});
const anywhere = { speaks_the_api, ...looking, ...restoring, check_looks };
// Side by side, since a test waits most of its time.
const kOwnLane = ['check_looks', 'walks_by_keyboard'];

const stand_in = options.url ? null : await start_stand_in({ pages: options.pages });
const browser = await launch();
const tests = Object.entries(stand_in ? { ...anywhere, ...accounts } : anywhere).filter(
  ([name]) => !options.test || name === options.test,
);
const context = {
  browser,
  pages: options.pages,
  url: options.url ?? stand_in.url,
  screenshots: options.screenshots,
  only: options.only,
  login: { account: options.account, password: options.password },
};
let failures = tests.length === 0 ? 1 : 0;

async function run(lane) {
  for (const [name, test] of lane) {
    const begun = performance.now();
    const took = () => `${((performance.now() - begun) / 1000).toFixed(1)} s`;
    try {
      await test(context);
      console.log(`ok      ${name}, ${took()}`);
    } catch (error) {
      ++failures;
      console.log(`FAILED  ${name}, ${took()}\n${error.stack}\n`);
    }
  }
}

await Promise.all([
  run(tests.filter(([name]) => kOwnLane.includes(name))),
  run(tests.filter(([name]) => !kOwnLane.includes(name))),
]);
await browser.close();
await stand_in?.stop();
process.exitCode = failures === 0 ? 0 : 1;

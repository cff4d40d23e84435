// Starts and ends the stand-in, and asks it for what only tests want.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const kServer = fileURLToPath(new URL('stand_in/server.mjs', import.meta.url));

export async function start_stand_in({ port = 0, accounts = true, pages } = {}) {
  const child = spawn(
    process.execPath,
    [
      kServer,
      '--port',
      String(port),
      ...(accounts ? [] : ['--no-accounts']),
      ...(pages ? ['--pages', pages] : []),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = new Promise((resolve) => child.on('exit', resolve));
  const url = await new Promise((resolve, reject) => {
    createInterface(child.stdout).once('line', resolve);
    child.once('exit', (status) => reject(new Error(`the stand-in ended with status ${status}`)));
  });
  return {
    url,
    port: Number(new URL(url).port),
    stop: () => {
      child.kill();
      return ended;
    },
    // The next answers to `path` are errors, until reset.
    fail: (path, status) => control(url, 'fail', { path, status }),
    reset: () => control(url, 'reset', {}),
  };
}

const control = (url, what, body) =>
  fetch(`${url}stand-in/${what}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });

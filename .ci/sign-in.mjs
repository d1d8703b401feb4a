// Starts a compiled application of the quick start, signs a user in at a provider in this process, and stops the application.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { environment } from './node-versions.mjs';
import { startProvider } from './provider.mjs';

const BOOT_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 30_000;
const MAX_REDIRECTS = 10;

/** Signs a user in at `node dist/main`, with a version of Node, and checks that the process prints no warning. */
export async function signIn(app, node, main = 'dist/main') {
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  const provider = await startProvider(`${address}/auth/github/callback`);
  const env = { ...(await environment(node)), ...variables(provider.settings), PORT: port };
  const server = spawn('node', [main], { cwd: app, env });
  const output = [];
  for (const stream of [server.stdout, server.stderr]) stream.on('data', (chunk) => output.push(chunk));
  try {
    await answers(address, server);
    assert.deepEqual(await browse(`${address}/auth/github/login`), { hello: 'ada' });
    await stop(server);
    assert.doesNotMatch(output.join(''), /warning/i);
  } catch (error) {
    throw new Error(`${main} with Node ${node} printed:\n${output.join('')}`, { cause: error });
  } finally {
    server.kill('SIGKILL');
    provider.close();
  }
}

/** Replaces the settings in the code of the quick start and in its .env file. */
function variables({ client_id, client_secret, ...github }) {
  const credentials = { GITHUB_CLIENT_ID: client_id, GITHUB_CLIENT_SECRET: client_secret };
  return { ...credentials, AUTHLIB_OAUTH_CLIENTS: JSON.stringify({ github }) };
}

/** Follows the redirects with the cookies of each server, as a browser does, and returns the JSON at the end. */
async function browse(url) {
  const cookies = new Map();
  for (let count = 0; count < MAX_REDIRECTS; count++) {
    const { origin } = new URL(url);
    const jar = cookies.get(origin) ?? new Map();
    cookies.set(origin, jar);
    const response = await fetch(url, { redirect: 'manual', headers: { cookie: [...jar.values()].join('; ') } });
    for (const line of response.headers.getSetCookie()) jar.set(line.split('=', 1)[0], line.split(';', 1)[0]);
    const location = response.headers.get('location');
    if (location === null) {
      assert.equal(response.status, 200, new URL(url).pathname);
      return response.json();
    }
    url = new URL(location, url).href;
  }
  throw new Error(`more than ${MAX_REDIRECTS} redirects, the last one to ${new URL(url).pathname}`);
}

async function answers(address, server) {
  const deadline = Date.now() + BOOT_TIMEOUT_MS;
  while (!(await fetch(address).catch(() => undefined))) {
    assert.equal(server.exitCode, null, 'the application ended');
    assert.ok(Date.now() < deadline, 'the application does not answer');
    await setTimeout(100);
  }
}

async function stop(server) {
  const exit = once(server, 'exit');
  server.kill('SIGTERM');
  const ended = await Promise.race([exit, setTimeout(STOP_TIMEOUT_MS, undefined, { ref: false })]);
  assert.ok(ended, 'the application does not stop');
  const [code, signal] = ended;
  assert.ok(code === 0 || signal === 'SIGTERM', `the application ended with the exit code ${code}, signal ${signal}`);
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

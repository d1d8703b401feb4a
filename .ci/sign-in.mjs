// Runs a compiled application of the quick start, and signs a user in at a mock provider in this file.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout } from 'node:timers/promises';

const BOOT_TIMEOUT_MS = 30_000;
const PROVIDER = {
  'POST /token': { access_token: 'a-token', token_type: 'bearer' },
  'GET /user': { login: 'ada' },
};

/** Signs a user in at `node dist/main`, and checks that the process prints no warning. */
export async function signIn(app, env) {
  const provider = await listen(
    createServer(({ method, url }, response) =>
      response.setHeader('content-type', 'application/json').end(JSON.stringify(PROVIDER[`${method} ${url}`] ?? {})),
    ),
  );
  const port = await freePort();
  const server = spawn('node', ['dist/main'], { cwd: app, env: { ...env, ...settings(provider.url), PORT: port } });
  const output = [];
  for (const stream of [server.stdout, server.stderr]) stream.on('data', (chunk) => output.push(chunk));
  try {
    const address = `http://127.0.0.1:${port}`;
    await answers(address, server);
    assert.deepEqual(await login(address), { hello: 'ada' });
    assert.doesNotMatch(output.join(''), /warning/i);
  } catch (error) {
    throw new Error(`the application printed:\n${output.join('')}`, { cause: error });
  } finally {
    server.kill();
    provider.close();
  }
}

function settings(url) {
  const github = {
    client_id: 'an-id',
    client_secret: 'a-secret',
    authorize_url: `${url}/authorize`,
    access_token_url: `${url}/token`,
    api_base_url: `${url}/`,
    allow_insecure_http: true,
  };
  return { AUTHLIB_OAUTH_CLIENTS: JSON.stringify({ github }) };
}

async function login(address) {
  const redirect = await fetch(`${address}/auth/github/login`, { redirect: 'manual' });
  assert.equal(redirect.status, 302);
  const state = new URL(redirect.headers.get('location')).searchParams.get('state');
  const cookie = redirect.headers.getSetCookie().map((line) => line.split(';', 1)[0]);
  const query = new URLSearchParams({ code: 'a-code', state });
  const callback = await fetch(`${address}/auth/github/callback?${query}`, { headers: { cookie: cookie.join('; ') } });
  return callback.json();
}

async function answers(address, server) {
  const deadline = Date.now() + BOOT_TIMEOUT_MS;
  while (!(await fetch(address).catch(() => undefined))) {
    assert.equal(server.exitCode, null, 'the application ended');
    assert.ok(Date.now() < deadline, 'the application does not answer');
    await setTimeout(100);
  }
}

async function listen(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

async function freePort() {
  const { url, close } = await listen(createServer());
  close();
  return new URL(url).port;
}

// Installs the packed package into a new Nest app outside of the repository, compiles the app, boots it and begins a
// login. Takes the major versions of Nest to do so with: `node .ci/consumer.mjs 11 12`; all by default.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';

const NEST = {
  11: { nest: '^11.0.0', config: '^4.0.0' },
  12: { nest: '^12.0.0', config: '^12.0.0' },
};
const BOOT_TIMEOUT_MS = 20_000;

const repository = join(import.meta.dirname, '..');
const template = join(repository, 'test', 'package');
const majors = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(NEST);

const workspace = await mkdtemp(join(tmpdir(), 'nestjs-oauth-client-'));
try {
  const tarball = pack(workspace);
  for (const major of majors) {
    const app = await createApp(join(workspace, `nest-${major}`), NEST[major], tarball);
    run('npm', ['install', '--no-audit', '--no-fund'], app);
    run('npx', ['--no-install', 'tsc'], app);
    await boot(app, checkLogin);
    console.log(`Nest ${major}: installed, compiled, booted, began a login`);
  }
} finally {
  await rm(workspace, { recursive: true, force: true });
}

function pack(destination) {
  run('npm', ['run', 'build'], repository);
  const [packed] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--pack-destination', destination], { cwd: repository, encoding: 'utf8' }),
  );
  return join(destination, packed.filename);
}

async function createApp(app, { nest, config }, tarball) {
  const manifest = {
    name: 'consumer',
    private: true,
    type: 'module',
    dependencies: {
      '@nestjs/common': nest,
      '@nestjs/config': config,
      '@nestjs/core': nest,
      '@nestjs/platform-express': nest,
      'express-session': '^1.18.0',
      'nestjs-oauth-client': `file:${tarball}`,
      'reflect-metadata': '^0.2.2',
      rxjs: '^7.8.2',
    },
    devDependencies: { '@types/express-session': '^1.18.0', '@types/node': '^20.19.0', typescript: '~6.0.0' },
  };
  await mkdir(join(app, 'src'), { recursive: true });
  await writeFile(join(app, 'package.json'), JSON.stringify(manifest, null, 2));
  await cp(join(template, 'tsconfig.app.json'), join(app, 'tsconfig.json'));
  await cp(join(template, 'main.ts'), join(app, 'src', 'main.ts'));
  return app;
}

function run(command, args, cwd) {
  execFileSync(command, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
}

async function boot(app, check) {
  const server = spawn('node', ['dist/main.js'], { cwd: app, stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(server, 'exit');
  const timer = setTimeout(() => server.kill(), BOOT_TIMEOUT_MS);
  try {
    await check(await addressOf(server));
  } finally {
    clearTimeout(timer);
    server.kill();
    await exited;
  }
}

async function addressOf(server) {
  for await (const line of createInterface({ input: server.stdout })) {
    const address = /^listening on (\S+)$/.exec(line)?.[1];
    if (address) return address;
    console.log(line);
  }
  throw new Error('the app ended, or was given up on, before it listened');
}

async function checkLogin(address) {
  const response = await fetch(new URL('/auth/github/login', address), { redirect: 'manual' });
  assert.equal(response.status, 302, await response.text());
  const location = new URL(response.headers.get('location') ?? '');
  assert.equal(location.origin + location.pathname, 'https://github.com/login/oauth/authorize');
  assert.equal(location.searchParams.get('response_type'), 'code');
  assert.equal(location.searchParams.get('client_id'), 'id');
  assert.equal(location.searchParams.get('redirect_uri'), new URL('/auth/github/callback', address).href);
  assert.ok(location.searchParams.get('state'), 'the authorization URL has no state');
  assert.ok(response.headers.get('set-cookie'), 'the login is not kept in a session');
}

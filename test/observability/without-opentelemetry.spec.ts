import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';

/** Sends an API call to its own server, and prints the response. */
const CALL = `
  const server = createServer((request, response) => response.setHeader('content-type', 'application/json').end('{"name":"ada"}'));
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  const url = 'http://127.0.0.1:' + server.address().port;
  const endpoints = { authorizeUrl: url, accessTokenUrl: url, apiBaseUrl: url };
  const clients = { two: { clientId: 'id', clientSecret: 'secret', allowInsecureHttp: true, ...endpoints } };
  const app = await NestFactory.createApplicationContext(OAuthClientModule.forRoot({ clients }), { logger: false });
  const { data } = await app.get(OAuthRegistry).get('two').get('me', { token: { accessToken: 't', tokenType: 'bearer' } });
  console.log(isThere('@opentelemetry/api'), data.name);
  server.close();
  server.closeAllConnections();
`;
const MODULE = `
  import 'reflect-metadata';
  import { createServer } from 'node:http';
  import { createRequire } from 'node:module';
  import { NestFactory } from '@nestjs/core';
  import { OAuthClientModule, OAuthRegistry } from './lib/index.js';
  const isThere = (name) => { try { return !!createRequire(import.meta.url).resolve(name); } catch { return false; } };
  ${CALL}`;
const COMMONJS = `
  require('reflect-metadata');
  const { createServer } = require('node:http');
  const { NestFactory } = require('@nestjs/core');
  const { OAuthClientModule, OAuthRegistry } = require('./lib/index.js');
  const isThere = (name) => { try { return !!require.resolve(name); } catch { return false; } };
  (async () => { ${CALL} })();`;

const compilerOptions: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
};

/** Creates an application in a separate folder, with the packages of this repository except the omitted ones. */
function install(without: RegExp): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'without-')));
  for (const file of readdirSync('lib', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))) {
    const target = join(folder, 'lib', file.replace(/\.ts$/, '.js'));
    const source = readFileSync(join('lib', file), 'utf8');
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, ts.transpileModule(source, { compilerOptions }).outputText);
  }
  writeFileSync(join(folder, 'lib/package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'app.mjs'), MODULE);
  writeFileSync(join(folder, 'app.cjs'), COMMONJS);
  mkdirSync(join(folder, 'node_modules'));
  for (const name of readdirSync('node_modules').filter((entry) => !without.test(entry))) {
    symlinkSync(resolve('node_modules', name), join(folder, 'node_modules', name));
  }
  return folder;
}

async function run(folder: string, file: string): Promise<string> {
  const env = { PATH: process.env.PATH, NODE_NO_WARNINGS: '1' };
  const { stdout } = await promisify(execFile)(process.execPath, [join(folder, file)], { cwd: folder, env });
  return stdout.trim();
}

let without: string;
let withApi: string;

beforeAll(() => {
  without = install(/^(\.|@opentelemetry$)/);
  withApi = install(/^\./);
});

afterAll(() => {
  for (const folder of [without, withApi]) rmSync(folder, { recursive: true, force: true });
});

it('works without the package @opentelemetry/api', async () => {
  expect(await run(without, 'app.mjs')).toBe('false ada');
});

it('works with the package, and without an SDK', async () => {
  expect(await run(withApi, 'app.mjs')).toBe('true ada');
});

it('is loaded by CommonJS, with the package and without', async () => {
  expect([await run(without, 'app.cjs'), await run(withApi, 'app.cjs')]).toEqual(['false ada', 'true ada']);
});

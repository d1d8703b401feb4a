import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ForbiddenException, Logger } from '@nestjs/common';
import { inspect } from 'node:util';
import { OAuthConfigError, type ComplianceFix, type OAuth2App } from 'nestjs-oauth-client';
import { withinBoundary } from '../../lib/remote-app/boundary.js';
import { ProviderError } from '../../lib/errors/oauth.errors.js';
import { clientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import type { Page } from '../support/browser.js';
import { testApp, type TestApp } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';

const TOKEN = 's3cret-token-of-ada';

let provider: ScriptedProvider;
let app: TestApp | undefined;
let lines: string[];

beforeEach(async () => {
  provider = await startScriptedProvider();
  provider.on('POST /token', () => ({ json: { access_token: TOKEN, token_type: 'bearer' } }));
  lines = [];
});

afterEach(async () => {
  Logger.overrideLogger(['error', 'warn']);
  await app?.close();
  app = undefined;
  await provider.close();
});

async function start(
  complianceFix: ComplianceFix | undefined,
  settings: object = {},
  platform: 'express' | 'fastify' = 'express',
): Promise<OAuth2App> {
  const dev = clientOf(provider, { apiBaseUrl: `${provider.url}/`, complianceFix, ...settings });
  app = await testApp({ platform, clients: { dev } });
  const keep = (message: unknown): void => void lines.push(String(message));
  Logger.overrideLogger({ log: keep, warn: keep, error: keep, debug: keep });
  return app.registry.get<OAuth2App>('dev');
}

async function signIn(): Promise<Page> {
  return new Visitor(() => app).signIn();
}

describe.each(['express', 'fastify'] as const)('errors of the application, on %s', (platform) => {
  it('a compliance hook whose error contains the token does not show the token', async () => {
    const fix: ComplianceFix = (session) =>
      session.registerComplianceHook('access_token_response', ({ text }) => {
        throw new SyntaxError(`cannot read ${text}`);
      });
    const dev = await start(fix, {}, platform);
    const { status, text } = await signIn();
    expect([status, text]).toEqual([500, expect.stringContaining('"access_token_response\\" threw SyntaxError')]);
    const error = await dev.fetchAccessToken({ code: 'c' }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(OAuthConfigError);
    expect(inspect(error, { depth: 6, showHidden: true }) + text + lines.join()).not.toContain(TOKEN);
    expect(inspect(error)).toContain('unforeseen-errors.spec'); // the stack is shown
  });

  it('an error names the compliance hook that does not return', async () => {
    await start(
      (session) => session.registerComplianceHook('access_token_response', (() => {}) as never),
      {},
      platform,
    );
    expect(await signIn().then(({ text }) => text)).toContain('did not return an object');
    expect(lines.join('\n')).toMatch(/operation failed client=dev error=invalid_configuration description=.*return/);
  });

  it('responds with an HttpException that fetchToken throws', async () => {
    const fetchToken = (): never => {
      throw new ForbiddenException('not for you');
    };
    const dev = await start(undefined, { fetchToken }, platform);
    await expect(dev.get('me', { request: {} })).rejects.toThrow(ForbiddenException);
  });
});

it('an error names the setting whose function throws, without the function’s message', async () => {
  const dev = await start(undefined, {
    privateKeys: () => Promise.reject(new Error('vault token s.abcdef')),
    clientKwargs: { tokenEndpointAuthMethod: 'private_key_jwt' },
  });
  const error = await dev.fetchAccessToken({ code: 'c' }).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ faults: [expect.stringContaining('dev.private_keys: the function threw Error')] });
  expect(inspect(error) + lines.join()).not.toContain('vault');
});

it.each([
  ['a TypeError', new TypeError(`${TOKEN} is not a function`)],
  ['a string', TOKEN],
  ['nothing', undefined],
  ['an object with a hostile name', { name: TOKEN, stack: TOKEN, toString: (): string => TOKEN }],
  ['an error with a hostile name', Object.assign(new Error(TOKEN), { name: `x ${TOKEN}` })],
])('converts an unexpected error to a ProviderError: %s', async (_, thrown) => {
  // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- other code rejects with anything
  const failing = (): Promise<never> => Promise.reject(thrown);
  const run = withinBoundary({ name: 'dev', exposeErrors: false, secrets: [] }, failing);
  const error = (await run.catch((reason: unknown) => reason)) as ProviderError;
  expect(error).toBeInstanceOf(ProviderError);
  expect(error.getStatus()).toBe(502);
  expect(inspect(error, { depth: 6, showHidden: true }) + JSON.stringify(error)).not.toContain(TOKEN);
});

it('an unknown client name logs the configured clients, and shows none in the browser', async () => {
  await start(undefined);
  const error = await Promise.resolve()
    .then(() => app?.registry.get('nobody'))
    .catch((reason: unknown) => reason);
  expect(error).toMatchObject({ description: expect.stringContaining('Configured clients: dev') });
});

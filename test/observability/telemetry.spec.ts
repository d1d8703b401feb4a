import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Logger, type LoggerService } from '@nestjs/common';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { count, traced } from '../../lib/observability/telemetry.js';
import { clientOf, oauth1ClientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import type { Page } from '../support/browser.js';
import { startTelemetry, type Telemetry } from '../support/telemetry.js';
import { testApp, type TestApp } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';

/** A part of every secret in these tests. */
const SECRET = 's3cret';

let telemetry: Telemetry;
let provider: ScriptedProvider;
let login: TestApp;
const lines: string[] = [];

beforeAll(async () => {
  telemetry = startTelemetry();
  provider = await startScriptedProvider();
  const clientSecret = `${SECRET}-client`;
  login = await testApp({
    clients: {
      two: clientOf(provider, { clientSecret, clientKwargs: { codeChallengeMethod: 'S256' } }),
      one: oauth1ClientOf(provider, { clientSecret, accessTokenUrl: `${provider.url}/token` }),
    },
  });
  const write = (line: unknown): number => lines.push(String(line));
  Logger.overrideLogger({ log: write, warn: write, error: write, debug: write } satisfies LoggerService);
});

afterEach(async () => {
  await telemetry.reset();
  lines.length = 0;
});

afterAll(async () => {
  await login.close();
  await provider.close();
  await telemetry.close();
});

function oauth2Answers(): void {
  const token = { access_token: `${SECRET}-access`, refresh_token: `${SECRET}-refresh`, token_type: 'bearer' };
  provider.on('POST /token', () => ({ json: token }));
  provider.on('GET /api/me/42', () => ({ json: { name: `${SECRET}-answer` } }));
}

/** Signs in, and returns the response of the callback. */
async function signIn(
  name: string,
  callback: Record<string, string>,
  visitor = new Visitor(() => login),
): Promise<Page> {
  const { state } = await visitor.login(name);
  return visitor.callback({ ...(name === 'two' && { state }), ...callback }, name);
}

function spanOf(name: string, attributes: Record<string, unknown> = {}): ReadableSpan {
  const found = telemetry.spans().filter((span) => span.name === name);
  const [span] = found.filter((one) =>
    Object.entries(attributes).every(([key, value]) => one.attributes[key] === value),
  );
  if (!span)
    throw new Error(
      `no such span ${name}; there are ${telemetry
        .spans()
        .map((one) => one.name)
        .join()}`,
    );
  return span;
}

describe('a login with OAuth 2.0', () => {
  it('has a span for each step, and a child span for the token request', async () => {
    oauth2Answers();
    expect((await signIn('two', { code: `${SECRET}-code` })).status).toBe(200);
    const begin = spanOf('oauth.login', { 'oauth.login.step': 'begin' });
    const complete = spanOf('oauth.login', { 'oauth.login.step': 'complete' });
    const request = spanOf('oauth.token_request');
    expect([begin.attributes['oauth.client.name'], begin.kind]).toEqual(['two', SpanKind.INTERNAL]);
    expect(request.parentSpanContext?.spanId).toBe(complete.spanContext().spanId);
    expect(request.kind).toBe(SpanKind.CLIENT);
    expect(request.status.code).toBe(SpanStatusCode.UNSET);
    expect(request.attributes).toEqual({
      'oauth.client.name': 'two',
      'oauth.grant_type': 'authorization_code',
      'server.address': '127.0.0.1',
      'server.port': Number(new URL(provider.url).port),
    });
    expect(lines).toEqual([
      expect.stringMatching(/^login begun client=two redirect_uri=http:\/\/[^ ?]*\/auth\/two\/callback$/),
      'login finished client=two',
    ]);
  });

  it('has spans with the status and the code if it fails, and is counted once for each step', async () => {
    provider.on('POST /token', () => ({
      status: 400,
      json: { error: 'invalid_grant', error_description: 'ada is gone' },
    }));
    expect((await signIn('two', { code: `${SECRET}-code` })).status).toBe(400);
    for (const span of [spanOf('oauth.token_request'), spanOf('oauth.login', { 'oauth.login.step': 'complete' })]) {
      expect(span.status).toEqual({ code: SpanStatusCode.ERROR });
      expect(span.attributes['error.type']).toBe('invalid_grant');
      expect(span.events).toEqual([]);
    }
    const of = (operation: string): object => ({
      attributes: { 'oauth.client.name': 'two', 'oauth.operation': operation, 'error.type': 'invalid_grant' },
      value: 1,
    });
    expect(await telemetry.counted('oauth.client.failures')).toEqual([of('oauth.token_request'), of('oauth.login')]);
    expect(lines.at(-1)).toMatch(
      /^login failed client=two error=invalid_grant description="ada is gone" step=complete provider_status=400 reference=\w+$/,
    );
  });

  it('has a span with the reason if another browser began it', async () => {
    await signIn('two', { state: 'of-another', code: `${SECRET}-code` });
    expect(lines.at(-1)).toMatch(
      /^login failed client=two error=mismatching_state reason=unknown_state description="this browser has/,
    );
  });
});

it('a login with OAuth 1 has a span for each of its two token requests', async () => {
  const token = 'oauth_token=t&oauth_token_secret=s3cret-token&oauth_callback_confirmed=true';
  provider.on('POST /request-token', () => ({ body: token }));
  provider.on('POST /token', () => ({ body: token }));
  expect((await signIn('one', { oauth_token: 't', oauth_verifier: `${SECRET}-verifier` })).status).toBe(200);
  const requests = telemetry.spans().filter(({ name }) => name === 'oauth.token_request');
  const parents = ['begin', 'complete'].map((step) =>
    spanOf('oauth.login', { 'oauth.login.step': step }).spanContext(),
  );
  expect(requests.map((span) => span.parentSpanContext?.spanId)).toEqual(parents.map(({ spanId }) => spanId));
  expect(await telemetry.exported()).not.toContain(SECRET);
});

describe('an API call', () => {
  it('has a span with its method, server and status, but not the path and the query', async () => {
    oauth2Answers();
    const token = { accessToken: `${SECRET}-access`, tokenType: 'bearer' };
    await login.registry.get('two').get('me/42', { token, params: { q: SECRET } });
    expect(spanOf('oauth.api_call').attributes).toEqual({
      'oauth.client.name': 'two',
      'http.request.method': 'GET',
      'http.response.status_code': 200,
      'server.address': '127.0.0.1',
      'server.port': Number(new URL(provider.url).port),
    });
  });

  it('has a span with the status of an error response', async () => {
    const token = { accessToken: `${SECRET}-access`, tokenType: 'bearer' };
    await expect(login.registry.get('two').get('absent', { token })).rejects.toThrow('404');
    const { attributes, status } = spanOf('oauth.api_call');
    expect(attributes).toMatchObject({ 'http.response.status_code': 404, 'error.type': 'provider_refused' });
    expect(status.code).toBe(SpanStatusCode.ERROR);
  });
});

it('a poll that returns authorization_pending is not a failure', async () => {
  provider.on('POST /token', () => ({ status: 400, json: { error: 'authorization_pending' } }));
  const app = login.registry.get('two') as unknown as { fetchAccessToken(request: object): Promise<unknown> };
  await expect(app.fetchAccessToken({ code: 'a-code' })).rejects.toThrow('authorization_pending');
  expect(spanOf('oauth.token_request').status.code).toBe(SpanStatusCode.UNSET);
  expect(await telemetry.counted('oauth.client.failures')).toEqual([]);
});

describe('the telemetry', () => {
  it('contains no secret, code or token of a login, an API call and their failures', async () => {
    oauth2Answers();
    const browser = new Visitor(() => login);
    await signIn('two', { code: `${SECRET}-code` }, browser);
    expect((await browser.get(`${login.url}/auth/two/api/me%2F42?q=${SECRET}`)).status).toBe(200);
    await browser.get(`${login.url}/auth/two/api/absent`);
    await browser.get(`${login.url}/auth/two/callback?state=${SECRET}-state&code=${SECRET}-code`);
    const answer = { error: 'made_up', error_description: `cannot take ${SECRET}-code of ${SECRET}-client` };
    provider.on('POST /token', () => ({ status: 400, json: answer }));
    await signIn('two', { code: `${SECRET}-code` });
    await expect(
      traced(
        'oauth.refresh',
        () => ({}),
        () => Promise.reject(new Error(SECRET)),
      ),
    ).rejects.toThrow(SECRET);
    expect(telemetry.spans().length).toBeGreaterThan(8);
    expect(await telemetry.exported()).not.toContain(SECRET);
    const line = 'login failed client=two error=made_up description="cannot take [redacted] of [redacted]"';
    expect(lines).toContainEqual(expect.stringContaining(line));
    expect(lines.join()).not.toContain(SECRET);
  });

  it('has no separate time series for unknown error codes in a callback', async () => {
    for (const error of ['made_up_1', 'made_up_2', 'made_up_3']) await signIn('two', { error });
    expect(await telemetry.counted('oauth.client.failures')).toEqual([
      {
        attributes: { 'oauth.client.name': 'two', 'oauth.operation': 'oauth.login', 'error.type': '_OTHER' },
        value: 3,
      },
    ]);
  });
});

it('the telemetry counts refreshes and joined refreshes', async () => {
  count('oauth.client.refreshes', { 'oauth.client.name': 'two' });
  for (let joins = 0; joins < 3; joins++) count('oauth.client.refresh.joins', { 'oauth.client.name': 'two' });
  expect(await telemetry.counted('oauth.client.refreshes')).toMatchObject([{ value: 1 }]);
  expect(await telemetry.counted('oauth.client.refresh.joins')).toMatchObject([{ value: 3 }]);
});

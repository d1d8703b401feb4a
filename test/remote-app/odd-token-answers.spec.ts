import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { OAuth2App, OAuth2Token } from 'nestjs-oauth-client';
import { clientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { testApp, type TestApp } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';

let provider: ScriptedProvider;
let app: TestApp;

beforeEach(async () => {
  provider = await startScriptedProvider();
});

afterEach(async () => {
  await app.close();
  await provider.close();
});

/** Signs in at a provider whose token endpoint gives this response. */
async function signIn(
  reply: object,
  settings: object = {},
): Promise<{ status: number; body: Record<string, unknown> }> {
  const dev = clientOf(provider, settings);
  app = await testApp({ clients: { dev } });
  provider.on('POST /token', () => reply);
  const response = await new Visitor(() => app).signIn();
  return { status: response.status, body: response.json() as Record<string, unknown> };
}

async function tokenFrom(json: object): Promise<OAuth2Token> {
  const { status, body } = await signIn({ json: { access_token: 'a', token_type: 'Bearer', ...json } });
  expect(status).toBe(200);
  return body.token as OAuth2Token;
}

function secondsFromNow(seconds: number): number {
  return Math.floor(Date.now() / 1000) + seconds;
}

describe('a token response with an invalid field', () => {
  it.each([
    ['scope is an array (Twitch)', { scope: ['user:read', 'chat:read'] }, { scope: 'user:read chat:read' }],
    ['scope is a number', { scope: 7 }, {}],
    ['token_type is missing', { token_type: undefined }, {}],
    ['token_type is null', { token_type: null }, {}],
    ['token_type is a list', { token_type: ['bearer'] }, {}],
    ['token_type has a space', { token_type: ' Bearer ' }, {}],
    ['token_type is "BearerToken" (Apigee)', { token_type: 'BearerToken' }, {}],
    ['token_type is "bot" (Slack)', { token_type: 'bot' }, {}],
    ['expires_in is "1h"', { expires_in: '1h' }, {}],
    ['expires_in is "3600abc"', { expires_in: '3600abc' }, {}],
    ['expires_in is a list', { expires_in: [3600] }, {}],
    ['expires_at is a word', { expires_at: 'tomorrow' }, {}],
    ['refresh_token is a list', { refresh_token: ['r'] }, {}],
    ['id_token is an object', { id_token: { sub: 'ada' } }, {}],
  ])('signs the user in: %s', async (_what, fields, expected) => {
    const { issuer: _, clientId: __, ...token } = await tokenFrom(fields);
    expect(token).toEqual({ accessToken: 'a', tokenType: 'bearer', ...expected });
  });

  it.each<[string, () => object]>([
    ['expires_at in seconds', () => ({ expires_at: secondsFromNow(600) })],
    ['expires_at in milliseconds', () => ({ expires_at: secondsFromNow(600) * 1000 })],
    ['expires_at in milliseconds, as a string', () => ({ expires_at: String(secondsFromNow(600) * 1000) })],
    ['expires_at as an ISO date', () => ({ expires_at: new Date(secondsFromNow(600) * 1000).toISOString() })],
    ['expires_in in seconds beside another expires_at', () => ({ expires_in: 600, expires_at: 3600 })],
    ['expires_in as an ISO date', () => ({ expires_in: new Date(secondsFromNow(600) * 1000).toISOString() })],
    ['expires_in as a Unix time', () => ({ expires_in: secondsFromNow(600) })],
  ])('reads the expiry of the token from %s', async (_what, fields) => {
    const { expiresAt = 0 } = await tokenFrom(fields());
    expect(Math.abs(expiresAt - secondsFromNow(600))).toBeLessThan(5);
  });

  it('reads a form (GitHub)', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
    const body = 'access_token=gho_1&scope=repo%2Cgist&token_type=bearer&refresh_token=ghr_1&expires_in=28800';
    expect(await signIn({ headers, body })).toMatchObject({
      status: 200,
      body: { token: { accessToken: 'gho_1', scope: 'repo,gist', refreshToken: 'ghr_1', expiresIn: 28_800 } },
    });
  });

  it('reads an error in a form', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const body = 'error=bad_verification_code&error_description=The+code+is+incorrect+or+expired.';
    expect(await signIn({ headers, body })).toMatchObject({ body: { error: 'bad_verification_code' } });
  });

  it('stores a token that an API call can use', async () => {
    provider.on('GET /api/me', ({ headers }) => ({ json: { seen: headers.authorization } }));
    const token = await tokenFrom({ token_type: 'bot', scope: ['a'] });
    const { data } = await app.registry.get<OAuth2App>('dev').get('me', { token });
    expect(data).toEqual({ seen: 'Bearer a' });
  });
});

describe('a refused token response', () => {
  it.each([['mac'], ['DPoP'], ['N_A'], ['unheard-of']])('reports the token type %s', async (tokenType) => {
    const { body } = await signIn({ json: { access_token: 'a', token_type: tokenType } });
    expect(body).toMatchObject({ error: 'unsupported_token_type' });
  });

  it('reports a 400 without a body', async () => {
    const { status, body } = await signIn({ status: 400 });
    expect(status).toBe(400);
    expect(body).toMatchObject({
      error: 'invalid_grant',
      error_description: expect.stringContaining('refused the code: it answered 400 without a body'),
      reference: expect.any(String),
    });
  });

  it.each([
    [400, '<html>Bad Request</html>'],
    [401, ''],
    [403, ''],
    [404, ''],
  ])('reports a failure of the provider for status %i with the body %j', async (code, body) => {
    const answer = await signIn({ status: code, body });
    expect(answer.status).toBe(502);
    expect(answer.body.error).not.toBe('invalid_grant');
  });

  it('shows the message of an error object (Meta)', async () => {
    const error = { message: 'This authorization code has been used.', type: 'OAuthException', code: 100 };
    const { status, body } = await signIn({ status: 400, json: { error } });
    expect(status).toBe(502);
    expect(body).toMatchObject({ error: 'OAuthException', error_description: error.message });
  });

  it.each([
    ['has no access token', { token_type: 'bearer' }],
    ['has an access token that is a list', { access_token: ['a'] }],
    ['is empty', {}],
    ['is a list', []],
  ])('does not mention the id_token when the response %s', async (_what, json) => {
    const { body } = await signIn({ json });
    expect(body).toMatchObject({ error: 'token_invalid' });
    expect(body.error_description).not.toMatch(/^id_token/);
  });

  it('names the scope to request when the id_token is missing', async () => {
    const { body } = await signIn(
      { json: { access_token: 'a', token_type: 'bearer' } },
      {
        issuer: provider.url,
        jwksUri: `${provider.url}/jwks`,
        allowIssuerImpersonation: true,
        clientKwargs: { scope: 'openid' },
      },
    );
    expect(body).toMatchObject({
      error: 'token_invalid',
      error_description: expect.stringMatching(/^the token response has no id_token, .*"openid"/),
    });
  });
});

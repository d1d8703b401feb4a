import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { OAuth2App } from 'nestjs-oauth-client';
import type { RevokedToken } from 'nestjs-oauth-client/stores';
import { MemoryTokenStore } from 'nestjs-oauth-client/testing';
import { registryWith } from '../config/registry-with.js';
import { clientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';

const ADA = { name: 'dev', user: 'ada' };
const EXPIRED = { accessToken: 'a1', tokenType: 'bearer', refreshToken: 'r1', expiresAt: 1 };

let provider: ScriptedProvider;
let store: MemoryTokenStore;
const onTokenRevoked = jest.fn<(revoked: RevokedToken) => void>();

beforeEach(async () => {
  provider = await startScriptedProvider();
  store = new MemoryTokenStore();
  await store.save(ADA, EXPIRED);
  onTokenRevoked.mockClear();
});

afterEach(() => provider.close());

async function start(settings: object = {}): Promise<OAuth2App> {
  const dev = clientOf(provider, settings);
  const tokenStore = Object.assign(store, { onTokenRevoked });
  return (await registryWith({ options: { tokenStore, clients: { dev } } })).get<OAuth2App>('dev');
}

async function callWhen(reply: object, settings?: object): Promise<unknown> {
  provider.on('POST /token', () => reply);
  const dev = await start(settings);
  return dev.get('user', { user: 'ada' }).catch((error: unknown) => error);
}

const form = { 'content-type': 'application/x-www-form-urlencoded' };

describe('a refresh that the provider refuses', () => {
  it.each<[string, object]>([
    ['GitHub, with status 200', { json: { error: 'bad_refresh_token', error_description: 'incorrect or expired' } }],
    ['GitHub, as a form', { headers: form, body: 'error=bad_refresh_token&error_description=expired' }],
    ['GitHub, as a form of another content type', { body: 'error=bad_refresh_token&error_description=expired' }],
    ['a list of error codes', { status: 400, json: { errors: ['invalid_grant'] } }],
    ['invalid_token', { status: 401, json: { error: 'invalid_token' } }],
    [
      'Fitbit',
      {
        status: 400,
        json: { errors: [{ errorType: 'invalid_grant', message: 'Refresh token invalid' }], success: false },
      },
    ],
    ['Fitbit, an expired token', { status: 401, json: { errors: [{ errorType: 'expired_token' }] } }],
    [
      'Meta',
      { status: 400, json: { error: { message: 'Error validating access token', type: 'OAuthException', code: 190 } } },
    ],
    ['Meta, with a code as a string', { status: 400, json: { error: { type: 'OAuthException', code: '190' } } }],
    ['Slack', { json: { ok: false, error: 'invalid_refresh_token' } }],
    ['Slack, a token that was revoked', { json: { ok: false, error: 'token_revoked' } }],
    ['HubSpot', { status: 400, json: { status: 'BAD_REFRESH_TOKEN', message: 'missing or invalid refresh token' } }],
    ['Twitch', { status: 400, json: { error: 'Bad Request', status: 400, message: 'Invalid refresh token' } }],
    ['Yahoo', { status: 401, json: { error: 'INVALID_REFRESH_TOKEN' } }],
    ['Zoom', { status: 400, json: { error: 'invalid_request', reason: 'Invalid Token!' } }],
    ['Zoho', { json: { error: 'invalid_code' } }],
    [
      'DeviantArt',
      { status: 400, json: { error: 'invalid_request', error_description: 'The refresh_token is invalid.' } },
    ],
    [
      'Strava',
      {
        status: 400,
        json: {
          message: 'Bad Request',
          errors: [{ resource: 'RefreshToken', field: 'refresh_token', code: 'invalid' }],
        },
      },
    ],
    [
      'Salesforce',
      { status: 400, json: { error: 'invalid_grant', error_description: 'expired access/refresh token' } },
    ],
    ['Entra ID', { status: 400, json: { error: 'interaction_required', error_description: 'AADSTS50076' } }],
    ['400 without a body', { status: 400 }],
    ['400 with white space', { status: 400, body: '\n' }],
    ['400 with an empty object', { status: 400, json: {} }],
    ['400 with null', { status: 400, json: null }],
    ['400 with an empty string', { status: 400, json: '' }],
    ['400 with an empty list', { status: 400, json: [] }],
  ])('ends the login, and calls onTokenRevoked once: %s', async (_what, reply) => {
    expect(await callWhen(reply)).toMatchObject({ error: 'token_revoked', status: 401 });
    expect(await store.fetch(ADA)).toBeUndefined();
    expect(onTokenRevoked).toHaveBeenCalledTimes(1);
    expect(onTokenRevoked.mock.calls[0]?.[0]).toMatchObject({ user: 'ada', token: { refreshToken: 'r1' } });
    const again = (await start()).get('user', { user: 'ada' });
    await expect(again).rejects.toMatchObject({ error: 'missing_token' });
    expect(onTokenRevoked).toHaveBeenCalledTimes(1);
    expect(provider.requests).toHaveLength(1);
  });

  it('throws an error with the provider’s error code', async () => {
    const error = await callWhen({ json: { error: 'bad_refresh_token', error_description: 'incorrect or expired' } });
    expect(error).toMatchObject({
      description: expect.stringContaining('the provider answered "bad_refresh_token": incorrect or expired'),
    });
  });

  it('fails with invalid_grant in fetchAccessToken', async () => {
    provider.on('POST /token', () => ({ json: { error: 'bad_refresh_token' } }));
    const refresh = (await start()).fetchAccessToken({ grantType: 'refresh_token', token: EXPIRED });
    await expect(refresh).rejects.toMatchObject({ error: 'invalid_grant', status: 400 });
  });
});

describe('a refresh that fails for another reason does not end the login', () => {
  it.each<[string, object]>([
    ['a wrong secret', { status: 401, json: { error: 'invalid_client' } }],
    [
      'a wrong secret, with a misleading message',
      { status: 401, json: { error: 'invalid_client', message: 'invalid token' } },
    ],
    ['a wrong secret at GitHub', { json: { error: 'incorrect_client_credentials' } }],
    ['a wrong secret at Fitbit', { status: 401, json: { errors: [{ errorType: 'invalid_client' }] } }],
    [
      'a wrong secret among other errors',
      { status: 400, json: { errors: [{ errorType: 'invalid_client' }, { errorType: 'invalid_token' }] } },
    ],
    ['a client that may not refresh', { status: 400, json: { error: 'unauthorized_client' } }],
    ['a wrong request', { status: 400, json: { error: 'invalid_request', error_description: 'no redirect_uri' } }],
    ['a wrong scope', { status: 400, json: { error: 'invalid_scope' } }],
    ['a wrong application at Meta', { status: 400, json: { error: { type: 'OAuthException', code: 101 } } }],
    ['a rate limit at Meta', { status: 400, json: { error: { type: 'OAuthException', code: 4 } } }],
    ['a failure at Meta', { status: 500, json: { error: { type: 'OAuthException', code: 190 } } }],
    ['a failure with the error code of a refusal', { status: 503, json: { error: 'invalid_token' } }],
    ['a rate limit with the message of a refusal', { status: 429, json: { message: 'Invalid refresh token' } }],
    ['a rate limit', { status: 429, json: { error: 'slow_down' } }],
    ['a request timeout', { status: 408, json: { message: 'Request timeout' } }],
    [
      'a list of error codes, one of which is about the client',
      { status: 400, json: { errors: ['invalid_client', 'invalid_token'] } },
    ],
    ['a failure', { status: 500, json: { error: 'server_error' } }],
    ['401 without a body, which may be about the client', { status: 401 }],
    ['403 without a body', { status: 403 }],
    ['404 without a body', { status: 404 }],
    ['400 with a page of a proxy', { status: 400, headers: { 'content-type': 'text/html' }, body: '<h1>400</h1>' }],
    ['200 without a body', {}],
    ['200 with an unknown error', { json: { error: 'teapot' } }],
    ['a list', { status: 400, json: [{ error: 'invalid_token' }] }],
    ['errors nested in errors', { status: 400, json: { errors: [{ errors: [{ error: 'invalid_token' }] }] } }],
  ])('%s', async (_what, reply) => {
    expect(await callWhen(reply)).toMatchObject({ status: expect.any(Number) });
    expect((await store.fetch(ADA))?.token).toMatchObject({ refreshToken: 'r1' });
    expect(onTokenRevoked).not.toHaveBeenCalled();
  });

  it('a client_credentials request with a 400 response without a body', async () => {
    provider.on('POST /token', () => ({ status: 400 }));
    const own = (await start({ grantType: 'client_credentials', authorizeUrl: undefined })).get('user');
    await expect(own).rejects.toMatchObject({ status: 502 });
  });
});

describe('an expired token without a refresh token', () => {
  it.each([
    ['https://accounts.google.com/o/oauth2/v2/auth', 'access_type: "offline", prompt: "consent"'],
    ['https://login.microsoftonline.com/common/oauth2/v2.0/authorize', '"offline_access"'],
    ['https://acme.eu.auth0.com/authorize', '"offline_access"'],
    ['https://www.dropbox.com/oauth2/authorize', 'token_access_type: "offline"'],
    [
      'https://provider.test/authorize',
      '"offline_access" (OpenID Connect), authorize_params: { access_type: "offline" }',
    ],
    [
      'https://evilgoogle.com/authorize',
      '"offline_access" (OpenID Connect), authorize_params: { access_type: "offline" }',
    ],
  ])('fails with an error that explains how to request a refresh token: %s', async (authorizeUrl, advice) => {
    const { refreshToken: _, ...token } = EXPIRED;
    await store.save(ADA, token);
    const dev = await start({ authorizeUrl });
    const call = dev.get('user', { user: 'ada' });
    await expect(call).rejects.toMatchObject({ error: 'token_expired', description: expect.stringContaining(advice) });
    const byHand = dev.fetchAccessToken({ grantType: 'refresh_token', token });
    await expect(byHand).rejects.toMatchObject({ description: expect.stringContaining(advice) });
    expect(provider.requests).toHaveLength(0);
  });
});

import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { inspect } from 'node:util';
import { OAuthConfigError, UnusableRegistrationError } from 'nestjs-oauth-client';
import { selfRegisteringClientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { testApp, type TestApp } from '../support/test-app.js';

const SECRET = 'a-secret-that-is-given-once';

describe('the response to a registration', () => {
  let provider: ScriptedProvider;
  let app: TestApp;

  beforeEach(async () => {
    provider = await startScriptedProvider();
    app = await testApp({ clients: {} });
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    await app.close();
    await provider.close();
  });

  function register(json: object, status = 201, settings: object = {}): Promise<Record<string, unknown>> {
    provider.on('POST /register', () => ({ status, json }));
    const config = { ...selfRegisteringClientOf(provider), ...settings };
    return app.registry.registerDynamically('tenant', config, { redirect_uris: ['https://app.test/callback'] });
  }

  it.each([200, 201, 202])('accepts the status %i', async (status) => {
    expect(
      await register({ client_id: 'c', client_secret: SECRET, client_secret_expires_at: 0 }, status),
    ).toMatchObject({
      client_id: 'c',
      client_secret: SECRET,
    });
    expect(app.registry.has('tenant')).toBe(true);
  });

  it.each<[string, object, object]>([
    ['without client_secret_expires_at', {}, {}],
    ['with a client_secret_expires_at that is a date', { client_secret_expires_at: '2030-01-01' }, {}],
    ['with a client_secret_expires_at of null', { client_secret_expires_at: null }, {}],
    ['with a client_id that is a number', { client_id: 4711 }, { client_id: '4711' }],
    ['with other fields of any type', { redirect_uris: 'none', grant_types: 7 }, { grant_types: 7 }],
  ])('returns the credentials of a response %s', async (_, change, expected) => {
    const registered = await register({ client_id: 'c', client_secret: SECRET, ...change });
    expect(registered).toMatchObject({ client_id: 'c', client_secret: SECRET, ...expected });
    expect(app.registry.has('tenant')).toBe(true);
  });

  it.each([null, '', undefined])('accepts the client_secret %j of a public client', async (secret) => {
    const registered = await register({ client_id: 'c', client_secret: secret, token_endpoint_auth_method: 'none' });
    expect(registered).not.toHaveProperty('client_secret');
  });

  it.each([
    ['an authentication method that is unknown', { token_endpoint_auth_method: 'future_auth' }],
    ['an authentication method without its key', { token_endpoint_auth_method: 'private_key_jwt' }],
    ['a secret that is too long', { client_secret: SECRET + 'x'.repeat(9000) }],
  ])('the error for %s contains the credentials, so that the caller can save them', async (_, change) => {
    const lines = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const error: unknown = await register({ client_id: 'c', client_secret: SECRET, ...change }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(UnusableRegistrationError);
    expect(error).toBeInstanceOf(OAuthConfigError);
    const { registered, message } = error as UnusableRegistrationError;
    expect(registered).toMatchObject({ client_id: 'c', client_secret: expect.stringContaining(SECRET) });
    expect(message).toContain('tenant.');
    const everything = [inspect(error, { depth: 5 }), JSON.stringify(error), String(error), inspect(lines.mock.calls)];
    expect(everything.join('\n')).not.toContain(SECRET);
    expect(app.registry.has('tenant')).toBe(false);
  });

  it.each([{}, { client_id: '' }, { client_id: null }, { client_id: {} }])(
    'refuses a response without a client_id: %j',
    async (json) => {
      await expect(register({ client_name: 'x', ...json })).rejects.toMatchObject({
        error: 'token_invalid',
        description: 'answer to the registration: it has no client_id',
      });
    },
  );
});

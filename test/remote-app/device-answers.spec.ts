import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { OAuth2App } from 'nestjs-oauth-client';
import { clientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { testApp, type TestApp } from '../support/test-app.js';

describe('the response to a device authorization request', () => {
  let provider: ScriptedProvider;
  let app: TestApp;
  let dev: OAuth2App;

  beforeEach(async () => {
    provider = await startScriptedProvider();
    app = await testApp({
      clients: {
        dev: clientOf(provider, { deviceAuthorizationEndpoint: `${provider.url}/device` }),
      },
    });
    dev = app.registry.get<OAuth2App>('dev');
  });

  afterEach(async () => {
    await app.close();
    await provider.close();
  });

  const ANSWER = { device_code: 'd', user_code: 'ABCD-EFGH', expires_in: 1800, interval: 5 };
  const PAGE = 'https://www.google.com/device';

  it('accepts the name verification_url (Google)', async () => {
    provider.on('POST /device', () => ({
      json: { ...ANSWER, verification_url: PAGE, verification_url_complete: `${PAGE}?code=1` },
    }));
    expect(await dev.deviceAuthorization()).toMatchObject({
      userCode: 'ABCD-EFGH',
      verificationUri: PAGE,
      verificationUriComplete: `${PAGE}?code=1`,
    });
  });

  it('prefers verification_uri to verification_url', async () => {
    provider.on('POST /device', () => ({
      json: { ...ANSWER, verification_uri: PAGE, verification_url: 'https://old.example/' },
    }));
    expect((await dev.deviceAuthorization()).verificationUri).toBe(PAGE);
  });

  it.each([[null], ['']])('uses verification_url when the standard fields are %j', async (none) => {
    provider.on('POST /device', () => ({
      json: { ...ANSWER, verification_uri: none, verification_uri_complete: none, verification_url: PAGE },
    }));
    const login = await dev.deviceAuthorization();
    expect([login.verificationUri, login.verificationUriComplete]).toEqual([PAGE, undefined]);
  });

  it('refuses a verification_url that is a script', async () => {
    provider.on('POST /device', () => ({ json: { ...ANSWER, verification_url: 'javascript:alert(1)' } }));
    await expect(dev.deviceAuthorization()).rejects.toThrow('expected a verification_uri of http or https');
  });

  it('accepts a user_code that is a number', async () => {
    provider.on('POST /device', () => ({ json: { ...ANSWER, verification_uri: PAGE, user_code: 123456 } }));
    expect((await dev.deviceAuthorization()).userCode).toBe('123456');
  });
});

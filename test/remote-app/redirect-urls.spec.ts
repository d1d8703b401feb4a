import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { OAuth1App, OAuth2App } from 'nestjs-oauth-client';
import { withQuery } from '../../lib/http/query.js';
import { clientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { testApp, type TestApp } from '../support/test-app.js';

describe('a URL that a browser is redirected to', () => {
  let provider: ScriptedProvider;
  let app: TestApp | undefined;

  beforeEach(async () => {
    provider = await startScriptedProvider();
  });

  afterEach(async () => {
    await app?.close();
    app = undefined;
    await provider.close();
  });

  async function start<App extends OAuth1App | OAuth2App = OAuth2App>(settings: object = {}): Promise<App> {
    const dev = clientOf(provider, {
      endSessionEndpoint: `${provider.url}/logout`,
      clientKwargs: { scope: 'name email' },
      ...settings,
    });
    app = await testApp({ clients: { dev } });
    return app.registry.get<App>('dev');
  }

  it('encodes a space as %20 in an authorization request, as Apple requires', async () => {
    const dev = await start();
    const { url } = await dev.createAuthorizationUrl('https://app.test/callback', {
      claims: { userinfo: { 'a b': null } },
      loginHint: 'ada+test@example.com',
    });
    expect(url).toContain('scope=name%20email');
    expect(url).not.toContain('+');
    const { searchParams } = new URL(url);
    expect(searchParams.get('claims')).toBe('{"userinfo":{"a b":null}}');
    expect(searchParams.get('login_hint')).toBe('ada+test@example.com');
  });

  it('keeps the query of authorize_url', async () => {
    const dev = await start({ authorizeUrl: `${provider.url}/authorize?audience=a+b&tenant=c%2Bd` });
    const { url } = await dev.createAuthorizationUrl();
    expect(url).toContain('?audience=a%20b&tenant=c%2Bd&');
    expect(url).not.toContain('+');
  });

  it('encodes a space as %20 in a logout request', async () => {
    const dev = await start();
    const { url } = await dev.createLogoutUrl({ uiLocales: ['de', 'en'], logoutHint: 'ada lovelace' });
    expect(url).toContain('logout_hint=ada%20lovelace');
    expect(url).toContain('ui_locales=de%20en');
  });

  it('encodes a space as %20 in an authorization request of OAuth 1', async () => {
    provider.on('POST /request', () => ({
      body: 'oauth_token=t&oauth_token_secret=secret&oauth_callback_confirmed=true',
    }));
    const dev = await start<OAuth1App>({
      requestTokenUrl: `${provider.url}/request`,
      endSessionEndpoint: undefined,
      clientKwargs: {},
      authorizeParams: { name: 'an app' },
    });
    const { url } = await dev.createAuthorizationUrl('https://app.test/callback');
    expect(url).toContain('name=an%20app');
  });

  it('decodes to the original parameters', () => {
    const texts = fc.dictionary(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }));
    fc.assert(
      fc.property(texts, (parameters) => {
        const url = withQuery('https://p.test/authorize', parameters);
        expect(url).not.toContain('+');
        expect([...new URL(url).searchParams]).toEqual([...new URLSearchParams(Object.entries(parameters))]);
      }),
    );
  });
});

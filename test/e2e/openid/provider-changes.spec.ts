import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { decodeProtectedHeader } from 'jose';
import { Browser } from '../../support/browser.js';
import { newKey, privateJwk } from '../../support/keys.js';
import { startSite, type Site } from '../../support/openid-site.js';

const FIRST_KEY = privateJwk(newKey('RSA'), { kid: 'first', use: 'sig' });
const NEXT_KEY = privateJwk(newKey('RSA'), { kid: 'next', use: 'sig' });
const MINUTE = 60_000;

describe('an app whose provider changes while the app runs', () => {
  let site: Site;

  beforeEach(async () => {
    site = await startSite({ clients: { client: {} }, configuration: { jwks: { keys: [FIRST_KEY] } } });
  });

  afterEach(async () => {
    jest.useRealTimers();
    await site.close();
  });

  /** Moves the clock of the app and of the provider forward, without running timers. */
  function pass(milliseconds: number): void {
    jest.useFakeTimers({
      now: Date.now() + milliseconds,
      doNotFake: ['nextTick', 'setImmediate', 'setTimeout', 'queueMicrotask'],
    });
  }

  async function kidOfLogin(): Promise<string | undefined> {
    const { token, userInfo } = await site.signIn('client');
    expect(userInfo).toMatchObject({ sub: '1815' });
    return decodeProtectedHeader(token.idToken ?? '').kid;
  }

  it.each([
    ['in addition to the old key', [NEXT_KEY, FIRST_KEY]],
    ['instead of the old key', [NEXT_KEY]],
  ])('verifies an id_token that is signed with a new key, published %s', async (_, keys) => {
    expect(await kidOfLogin()).toBe('first');
    await site.restart({ jwks: { keys } });
    pass(MINUTE + 1000);
    expect(await kidOfLogin()).toBe('next');
  });

  it('begins a login while the provider is down, and finishes it when the provider is up again', async () => {
    await kidOfLogin();
    await site.oidc.close();
    pass(120 * MINUTE); // its metadata is no longer fresh
    const browser = new Browser();
    const begun = await browser.get(`${site.url}/auth/client/login`, { follow: false });
    expect(begun.status).toBe(302);
    const location = begun.headers.get('location') ?? '';
    expect(location).toContain(`${site.oidc.url}/auth?`);
    await site.restart();
    const end = await browser.allow(await browser.get(location));
    expect(end.json()).toMatchObject({ userInfo: { sub: '1815' } });
  });

  it('does not begin a login while the provider is down if it has not read the metadata before', async () => {
    await site.oidc.close();
    const page = await new Browser().get(`${site.url}/auth/client/login`);
    expect(page.status).toBe(502);
    expect(page.json()).toMatchObject({ error: 'provider_unreachable' });
    await site.restart();
    expect(await kidOfLogin()).toBe('first');
  });

  it('uses pushed authorization requests after it reads metadata that require them', async () => {
    await kidOfLogin();
    await site.restart({
      jwks: { keys: [FIRST_KEY] },
      features: { pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true } },
    });
    pass(61 * MINUTE);
    const { authorization } = await site.signIn('client');
    expect([...authorization.searchParams.keys()]).toEqual(['client_id', 'request_uri']);
  });
});

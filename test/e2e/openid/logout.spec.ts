import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { EndedSession } from 'nestjs-oauth-client/stores';
import { Browser, type Page } from '../../support/browser.js';
import { newKey, publicJwk } from '../../support/keys.js';
import { startSite, type Site } from '../../support/openid-site.js';
import { testApp } from '../../support/test-app.js';

const KEY = newKey('RSA');

describe('a logout', () => {
  let site: Site;
  let browser: Browser;
  const ended: EndedSession[] = [];
  const faults: unknown[] = [];

  beforeAll(async () => {
    const app = await testApp({ withBaseUrl: true, onBackchannelLogout: (session) => ended.push(session) });
    const uris = (name: string) => ({
      post_logout_redirect_uris: [`${app.url}/auth/${name}/signed-out`],
      backchannel_logout_uri: `${app.url}/auth/${name}/backchannel-logout`,
      backchannel_logout_session_required: true,
    });
    site = await startSite({
      app,
      clients: {
        harbour: { metadata: uris('harbour') },
        other: { metadata: uris('other') },
        sealed: {
          metadata: {
            ...uris('sealed'),
            jwks: { keys: [publicJwk(KEY, { kid: 'enc', use: 'enc' })] },
            id_token_encrypted_response_alg: 'RSA-OAEP-256',
          },
          settings: { privateKeys: { key: KEY, kid: 'enc', use: 'enc' } },
        },
      },
    });
    site.oidc.provider.on('backchannel.error', (_context, fault) => faults.push(fault));
  });

  afterAll(() => site.close());

  beforeEach(() => {
    browser = new Browser();
    ended.length = 0;
    faults.length = 0;
  });

  async function signIn(name: string) {
    const { token } = await site.signIn(name, { browser });
    return { token, sid: token.idToken?.split('.').length === 3 ? decodeJwt(token.idToken).sid : undefined };
  }

  async function isSignedIn(name = 'harbour'): Promise<unknown> {
    return (await browser.get(`${site.url}/auth/${name}/user`)).json();
  }

  /** Begins a logout in the app, and confirms it at the provider. */
  async function signOut(name = 'harbour'): Promise<Page> {
    return browser.submit(await browser.get(`${site.url}/auth/${name}/logout?next=/bye`), { logout: 'yes' });
  }

  /** Whether the provider asks for the password at the next login. */
  async function isAsked(name = 'harbour'): Promise<boolean> {
    return (await site.begin(name, { browser })).page.text.includes('name="password"');
  }

  it('ends the session at the provider, and returns to returnTo', async () => {
    await signIn('harbour');
    expect(await isAsked()).toBe(false);
    const { token } = await signIn('harbour');
    const page = await signOut();
    expect(page.status).toBe(200);
    expect(page.json()).toEqual({ returnTo: '/bye' });
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect(site.seenAt('end_session').at(-1)?.sent).toMatchObject({
      client_id: 'harbour',
      id_token_hint: token.idToken,
      state: new URL(page.url).searchParams.get('state'),
    });
    expect(await isAsked()).toBe(true);
    await expect(site.client('harbour').userinfo({ token })).rejects.toMatchObject({ answer: { status: 401 } });
  });

  it('accepts its callback once, and only from the browser that began it', async () => {
    await signIn('harbour');
    const { url } = await signOut();
    const again = await browser.get(url);
    expect(again.status).toBe(400);
    expect(again.json()).toMatchObject({ error: 'mismatching_state' });
    await signIn('harbour');
    const form = await browser.get(`${site.url}/auth/harbour/logout?next=/bye`);
    browser.jar.removeAllCookiesSync();
    const elsewhere = await browser.get(url.replace(/state=.*/, `state=${stateIn(form)}`));
    expect(elsewhere.status).toBe(400);
    expect(elsewhere.json()).toMatchObject({ error: 'mismatching_state' });
  });

  it('at the provider sends a logout token to every app that the user is signed in to', async () => {
    const { sid } = await signIn('harbour');
    const { sid: otherSid } = await signIn('other');
    await browser.submit(await browser.get(`${site.oidc.url}/session/end`), { logout: 'yes' });
    expect(faults).toEqual([]);
    const iss = site.oidc.url;
    expect(ended).toHaveLength(2);
    expect(ended).toEqual(
      expect.arrayContaining([
        { name: 'harbour', iss, sub: '1815', sid },
        { name: 'other', iss, sub: '1815', sid: otherSid },
      ]),
    );
    expect(sid).toEqual(expect.any(String));
  });

  it('sends the signed id_token as a hint if the provider encrypted it for the app', async () => {
    const { token } = await signIn('sealed');
    expect(decodeProtectedHeader(token.idToken ?? '').alg).toBe('RSA-OAEP-256');
    const page = await signOut('sealed');
    expect(page.json()).toEqual({ returnTo: '/bye' });
    expect(decodeJwt(site.seenAt('end_session').at(-1)?.sent.id_token_hint ?? '')).toMatchObject({ sub: '1815' });
  });

  it('accepts encrypted logout tokens', async () => {
    await signIn('sealed');
    await browser.submit(await browser.get(`${site.oidc.url}/session/end`), { logout: 'yes' });
    expect(faults).toEqual([]);
    expect(ended).toMatchObject([{ name: 'sealed', sub: '1815', sid: expect.any(String) }]);
  });

  it('refuses a logout token that the provider did not issue', async () => {
    const { token } = await signIn('harbour');
    for (const logoutToken of ['', 'x', token.idToken ?? '']) {
      const page = await browser.post(`${site.url}/auth/harbour/backchannel-logout`, { logout_token: logoutToken });
      expect(page.status).toBe(400);
      expect(page.json()).toMatchObject({ error: 'invalid_request' });
    }
    expect(ended).toEqual([]);
  });

  it('in a frame of the provider ends only the session that its sid names', async () => {
    const { sid } = await signIn('harbour');
    const frame = (query: Record<string, string>): Promise<Page> =>
      browser.get(`${site.url}/auth/harbour/frontchannel-logout?${new URLSearchParams(query).toString()}`);
    const iss = site.oidc.url;
    const others: Record<string, string>[] = [
      { iss, sid: 'another' },
      { iss: 'https://evil.example', sid: String(sid) },
      { iss },
    ];
    for (const other of others) expect((await frame(other)).status).toBe(400);
    expect(await isSignedIn()).toEqual({ signedIn: true });
    const page = await frame({ iss, sid: String(sid) });
    expect(page.json()).toEqual({ ended: true });
    expect(await isSignedIn()).toEqual({ signedIn: false });
    expect((await frame({ iss, sid: String(sid) })).status).toBe(401);
  });
});

/** The `state` that the provider received. Its page does not contain it. */
function stateIn({ url }: Page): string {
  return new URL(url).searchParams.get('state') ?? '';
}

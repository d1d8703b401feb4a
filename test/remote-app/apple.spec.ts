import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { OAuth2App, OAuthError, type LoginResult, type OAuth2Token } from 'nestjs-oauth-client';
import { startAppleProvider, SUBJECT, USER, type AppleProvider } from '../providers/apple-provider.js';
import { Browser, type Page } from '../support/browser.js';
import { testApp, type TestApp, type TestAppOptions } from '../support/test-app.js';

const { privateKey: KEY } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const PEM = KEY.export({ type: 'pkcs8', format: 'pem' }).toString();
const CLIENT = { clientId: 'com.example.web', teamId: 'TEAM123456', keyId: 'KEY1234567' };

let results: LoginResult<OAuth2Token>[] = [];

/** Keeps the results of its logins for the tests. */
class Apple extends OAuth2App {
  override async completeLogin(...call: Parameters<OAuth2App['completeLogin']>) {
    const result = await super.completeLogin(...call);
    results.push(result);
    return result;
  }
}

describe('Sign in with Apple', () => {
  let provider: AppleProvider;
  let app: TestApp;
  let browser: Browser;

  beforeEach(async () => {
    results = [];
    provider = await startAppleProvider({ ...CLIENT, key: KEY });
    browser = new Browser();
  });

  afterEach(async () => {
    jest.useRealTimers();
    await app.close();
    await provider.close();
  });

  async function start(secret: object = { privateKey: PEM }, options: TestAppOptions = {}): Promise<void> {
    const { clientId, teamId, keyId } = CLIENT;
    app = await testApp({
      exposeErrors: true,
      clients: {
        apple: {
          clientId,
          clientSecretJwt: { teamId, keyId, audience: provider.url, ...secret },
          issuer: provider.url,
          authorizeParams: { response_mode: 'form_post' },
          callbackParameters: ['user'],
          clientKwargs: { scope: 'openid name email' },
          appClass: Apple,
        },
      },
      ...options,
    });
  }

  /** Signs in. The callback is a cross-site POST, with which a browser does not send cookies with `SameSite=Lax`. */
  async function signIn(): Promise<Page> {
    const page = await browser.get(`${app.url}/auth/apple/login`);
    const fields = [...page.text.matchAll(/name="([^"]+)" value="([^"]*)"/g)].map(
      ([, name = '', value = '']): [string, string] => [name, value.replaceAll('&quot;', '"')],
    );
    const url = `${app.url}/auth/apple/callback`;
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        cookie: await browser.jar.getCookieString(url, { sameSiteContext: 'none' }),
        origin: provider.url,
        'sec-fetch-site': 'cross-site',
        'sec-fetch-mode': 'navigate',
        'sec-fetch-dest': 'document',
      },
      body: new URLSearchParams(fields),
      redirect: 'manual',
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, url, text, json: () => JSON.parse(text) as unknown };
  }

  function tokenOf(): OAuth2Token {
    const [result] = results;
    if (!result) throw new Error('no login has finished');
    return result.token;
  }

  const VARIANTS: [platform: 'express' | 'fastify', state: 'session' | 'cookie'][] = [
    ['express', 'session'],
    ['express', 'cookie'],
    ['fastify', 'session'],
    ['fastify', 'cookie'],
  ];

  it.each(VARIANTS)(
    'signs a user in, refreshes and revokes the token, on %s with pending logins in the %s',
    async (platform, state) => {
      const keys = { encryptionKeys: [Buffer.alloc(32, 'k').toString('base64')] };
      await start(undefined, { platform, state, ...(state === 'cookie' && keys) });
      const page = await signIn();
      expect([page.status, page.text]).toEqual([201, expect.anything()]);
      const [first] = results;
      expect(first).toMatchObject({
        userInfo: { sub: SUBJECT, email: 'ada@privaterelay.appleid.com', email_verified: true },
        account: { client: 'apple', subject: SUBJECT },
        callback: { user: USER },
      });
      expect(JSON.stringify(first?.token)).not.toContain('Lovelace');

      await signIn();
      expect(results[1]?.callback).toEqual({}); // Apple sends the name once

      const apple = app.registry.get<OAuth2App>('apple');
      const refreshed = await apple.fetchAccessToken({ grantType: 'refresh_token', token: tokenOf() });
      expect(refreshed.accessToken).not.toBe(tokenOf().accessToken);
      await apple.revokeToken({ token: refreshed });
      await expect(apple.fetchAccessToken({ grantType: 'refresh_token', token: refreshed })).rejects.toThrow(
        OAuthError,
      );
      expect(provider.seen.map(({ path }) => path)).toEqual([
        ...['/auth/token', '/auth/token', '/auth/token', '/auth/revoke', '/auth/token'],
      ]);
    },
  );

  it('sends the secret in the body, also to the revocation endpoint, and signs it once for requests at one time', async () => {
    await start();
    await signIn();
    await app.registry.get<OAuth2App>('apple').revokeToken({ token: tokenOf() });
    const secrets = provider.seen.map(({ form }) => form.client_secret);
    expect(secrets).toHaveLength(2);
    expect(secrets[0]).toBe(secrets[1]);
    for (const { headers, form } of provider.seen) {
      expect(headers.authorization).toBeUndefined();
      expect(form.client_id).toBe(CLIENT.clientId);
    }
    const { iat = 0, exp = 0, ...claims } = decodeJwt(secrets[0] ?? '');
    expect(claims).toEqual({ iss: CLIENT.teamId, sub: CLIENT.clientId, aud: provider.url });
    expect(exp - iat).toBeLessThanOrEqual(600);
  });

  it('sends the secret with HTTP Basic if the settings choose it', async () => {
    await start();
    const { clientId, teamId, keyId } = CLIENT;
    app.registry.register('basic', {
      clientId,
      clientSecretJwt: { teamId, keyId, audience: provider.url, privateKey: PEM },
      authorizeUrl: `${provider.url}/auth/authorize`,
      accessTokenUrl: `${provider.url}/auth/token`,
      allowInsecureHttp: true,
      clientKwargs: { tokenEndpointAuthMethod: 'client_secret_basic' },
    });
    const exchange = app.registry
      .get<OAuth2App>('basic')
      .fetchAccessToken({ code: 'c', redirectUri: 'https://a.test/' });
    await expect(exchange).rejects.toThrow(/client_secret_jwt. Check client_id, team_id, key_id/);
    const [, credentials = ''] = provider.seen[0]?.headers.authorization?.split(' ') ?? [];
    const [user, secret = ''] = Buffer.from(credentials, 'base64').toString().split(':');
    expect([user, decodeJwt(secret).iss]).toEqual([clientId, teamId]);
  });

  it.each([-45, 150])('works if the clock of the provider is %d seconds ahead', async (seconds) => {
    await start();
    provider.clockAhead = seconds;
    expect((await signIn()).status).toBe(201);
  });

  it('signs a new secret before the old one expires, and when the clock was set forward or back', async () => {
    await start();
    await signIn();
    const apple = app.registry.get<OAuth2App>('apple');
    const now = Date.now();
    const issuedAt = async (offset: number): Promise<number> => {
      jest.useFakeTimers({ now: now + offset * 1000, doNotFake: REAL });
      provider.clockAhead = 0;
      await apple.fetchAccessToken({ grantType: 'refresh_token', token: tokenOf() }).catch(() => undefined);
      return (decodeJwt(provider.seen.at(-1)?.form.client_secret ?? '').iat ?? 0) - Math.floor(now / 1000);
    };
    expect(await issuedAt(100)).toBeLessThan(0); // the secret of the login
    expect(await issuedAt(200)).toBe(140);
    expect(await issuedAt(86_400)).toBe(86_340);
    expect(await issuedAt(-86_400)).toBe(-86_460);
    expect(await issuedAt(0)).toBe(-60);
  });

  it('never shows the secret or the key in an error, or in the log', async () => {
    await start();
    const lines: string[] = [];
    const levels = ['debug', 'log', 'warn', 'error'] as const;
    const spies = levels.map((level) =>
      jest.spyOn(Logger.prototype, level).mockImplementation((line: unknown) => void lines.push(String(line))),
    );
    provider.failure = (form) => ({
      status: 400,
      body: JSON.stringify({ error: 'invalid_client', error_description: `bad secret ${form.client_secret}` }),
    });
    const page = await signIn();
    for (const spy of spies) spy.mockRestore();
    expect(page.json()).toMatchObject({ error: 'invalid_client' });
    const secret = provider.seen[0]?.form.client_secret ?? '';
    const shown = [page.text, ...lines].join('\n');
    expect(shown).toContain('bad secret [redacted]');
    for (const part of secret.split('.')) expect(shown).not.toContain(part);
    expect(shown).not.toContain(PEM.split('\n')[1]);
  });

  it('reads the key from a file at start-up', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'apple-'));
    const privateKeyFile = join(folder, 'AuthKey.p8');
    writeFileSync(privateKeyFile, PEM);
    try {
      await start({ privateKeyFile });
    } finally {
      rmSync(folder, { recursive: true });
    }
    expect((await signIn()).status).toBe(201);
  });

  it('accepts a key whose line breaks are written as \\n, as in an environment variable', async () => {
    await start({ privateKey: PEM.replaceAll('\n', '\\n') });
    expect((await signIn()).status).toBe(201);
  });
});

/** Everything but `Date`. */
const REAL = [
  ...(['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'clearImmediate'] as const),
  ...(['nextTick', 'hrtime', 'performance', 'queueMicrotask'] as const),
];

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { calculateJwkThumbprint, createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { errors, type ClientMetadata, type KoaContextWithOIDC } from 'oidc-provider';
import type {
  BackchannelAuthentication,
  DeviceAuthorization,
  OAuth2ClientSettings,
} from 'nestjs-oauth-client/protocol';
import { startScriptedProvider, type ScriptedProvider } from '../../providers/scripted-provider.js';
import { Browser, type Page } from '../../support/browser.js';
import { startSite, type Site, type SiteClient } from '../../support/openid-site.js';

const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';
const CIBA = 'urn:openid:params:grant-type:ciba';
const API = 'https://api.example/';

/** A client without redirect URIs. */
function without(metadata: Partial<ClientMetadata>, settings?: OAuth2ClientSettings): SiteClient {
  return { metadata: { response_types: [], redirect_uris: [], ...metadata }, settings };
}

/** Sets the polling interval to one second. The provider does not send an interval, and the default is five seconds. */
function askOften({ oidc, body }: KoaContextWithOIDC): void {
  if (['device_authorization', 'backchannel_authentication'].includes(oidc.route)) {
    Object.assign(body as object, { interval: 1 });
  }
}

let site: Site;
let api: ScriptedProvider;

beforeAll(async () => {
  api = await startScriptedProvider();
  const machine = { grantType: 'client_credentials', apiBaseUrl: `${api.url}/` } as const;
  site = await startSite({
    clients: {
      tv: without({ grant_types: [DEVICE_CODE, 'refresh_token'] }),
      bound: without({ grant_types: [DEVICE_CODE] }, { dpopBoundAccessTokens: true }),
      till: without({ grant_types: [CIBA], backchannel_token_delivery_mode: 'poll' }),
      machine: without(
        { grant_types: ['client_credentials'] },
        { ...machine, resource: API, clientKwargs: { scope: 'read' } },
      ),
      sealed: without(
        { grant_types: ['client_credentials'], dpop_bound_access_tokens: true },
        { ...machine, resource: API, dpopBoundAccessTokens: true, clientKwargs: { scope: 'read' } },
      ),
      opaque: without({ grant_types: ['client_credentials'] }, { ...machine, clientKwargs: { scope: undefined } }),
    },
    onAnswer: askOften,
    configuration: {
      features: {
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo: () => ({
            scope: 'read write',
            audience: API,
            accessTokenTTL: 600,
            accessTokenFormat: 'jwt' as const,
            jwt: { sign: { alg: 'RS256' as const } },
          }),
        },
      },
    },
  });
});

afterAll(async () => {
  await site.close();
  await api.close();
});

/** The provider's response to each token request of a client that polls. */
function answers(): unknown[] {
  return site.seenAt('token').map(({ answer }) => (answer as { error?: string }).error ?? 'token');
}

describe('a login on another device', () => {
  let browser: Browser;

  beforeEach(() => {
    browser = new Browser();
    site.seen.length = 0;
  });

  /** Enters the code as the user does, and returns the login page. */
  async function typeCode({ verificationUri, userCode }: DeviceAuthorization): Promise<Page> {
    const form = await browser.get(verificationUri);
    return browser.submit(await browser.submit(form, { user_code: userCode }));
  }

  async function pending(): Promise<void> {
    while (!answers().includes('authorization_pending')) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  it('waits until the user has typed the code and signed in', async () => {
    const tv = site.client('tv');
    const device = await tv.deviceAuthorization({ scope: ['openid', 'profile'] });
    expect(device.verificationUriComplete).toBe(`${device.verificationUri}?user_code=${device.userCode}`);
    expect(device).toMatchObject({ interval: 1, expiresAt: expect.any(Date) });
    const waiting = device.wait();
    await pending();
    const page = await browser.allow(await typeCode(device), 'grace');
    expect(page.status).toBe(200);
    const { token, claims } = await waiting;
    expect(claims).toMatchObject({ sub: '1906', name: 'Grace Hopper' });
    expect(token).toMatchObject({ tokenType: 'bearer', scope: 'openid profile', refreshToken: expect.any(String) });
    expect(answers().at(-1)).toBe('token');
    expect((await tv.get('me', { token })).data).toMatchObject({ sub: '1906' });
  });

  it('begins with a link that contains the code', async () => {
    const device = await site.client('tv').deviceAuthorization();
    const form = await browser.get(device.verificationUriComplete ?? '');
    const confirm = await browser.submit(form);
    await browser.allow(await browser.submit(confirm));
    expect((await device.wait()).claims).toMatchObject({ sub: '1815' });
  });

  it('returns a token that is bound to a new key', async () => {
    const bound = site.client('bound');
    const device = await bound.deviceAuthorization();
    await browser.allow(await typeCode(device));
    const { token } = await device.wait();
    const { cnf } = await bound.introspectToken({ token });
    expect(cnf).toEqual({ jkt: await calculateJwkThumbprint(token.dpopKey!) });
  });

  it('fails if the user denies access on the login page', async () => {
    const device = await site.client('tv').deviceAuthorization();
    const refused = expect(device.wait()).rejects.toMatchObject({ error: 'access_denied' });
    await browser.deny(await typeCode(device));
    await refused;
  });

  it('fails if the user does not recognize the code', async () => {
    const device = await site.client('tv').deviceAuthorization();
    const refused = expect(device.wait()).rejects.toMatchObject({ error: 'access_denied' });
    const confirm = await browser.submit(await browser.get(device.verificationUri), {
      user_code: device.userCode,
    });
    await browser.submit(confirm, { abort: 'yes' });
    await refused;
  });

  it('stops polling after it is aborted', async () => {
    const device = await site.client('tv').deviceAuthorization();
    const controller = new AbortController();
    const waiting = device.wait({ signal: controller.signal });
    const aborted = expect(waiting).rejects.toThrow('the user left');
    await pending();
    controller.abort(new Error('the user left'));
    await aborted;
    const asked = answers().length;
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(answers()).toHaveLength(asked);
  });
});

describe('a backchannel authentication (CIBA)', () => {
  beforeEach(() => {
    site.seen.length = 0;
  });

  async function ask(): Promise<{ asked: BackchannelAuthentication; id: string }> {
    const asked = await site
      .client('till')
      .backchannelAuthentication({ loginHint: 'grace', bindingMessage: 'till 4', scope: 'openid profile' });
    const { answer, sent } = site.seenAt('backchannel_authentication').at(-1)!;
    expect(sent).toMatchObject({ login_hint: 'grace', binding_message: 'till 4', scope: 'openid profile' });
    return { asked, id: (answer as { auth_req_id: string }).auth_req_id };
  }

  it('returns a token if the user allows access', async () => {
    const { asked, id } = await ask();
    const { provider } = site.oidc;
    const waiting = asked.wait();
    const grant = new provider.Grant({ clientId: 'till', accountId: '1906' });
    grant.addOIDCScope('openid profile');
    await grant.save();
    await provider.backchannelResult(id, grant);
    const { token, claims } = await waiting;
    expect(claims).toMatchObject({ sub: '1906', name: 'Grace Hopper' });
    expect(await site.client('till').userinfo({ token })).toMatchObject({ sub: '1906' });
    expect(site.seenAt('token').at(-1)).toMatchObject({ sent: { grant_type: CIBA, auth_req_id: id }, status: 200 });
  });

  it('fails if the user denies access', async () => {
    const { asked, id } = await ask();
    const refused = expect(asked.wait()).rejects.toMatchObject({ error: 'access_denied' });
    await site.oidc.provider.backchannelResult(id, new errors.AccessDenied('not me'));
    await refused;
  });

  it('fails if the user does not exist', async () => {
    const nobody = site.client('till').backchannelAuthentication({ loginHint: 'nobody' });
    await expect(nobody).rejects.toMatchObject({ error: 'unknown_user_id' });
  });
});

describe('a machine client', () => {
  const keys = (): ReturnType<typeof createRemoteJWKSet> => createRemoteJWKSet(new URL(`${site.oidc.url}/jwks`));

  beforeEach(() => {
    site.seen.length = 0;
    api.requests.length = 0;
    api.on('GET /things', () => ({ json: ['thing'] }));
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  function tokensAtApi(): string[] {
    return [...new Set(api.requests.map(({ headers }) => headers.authorization?.replace('Bearer ', '') ?? ''))];
  }

  it('calls its API with one client_credentials token for simultaneous calls', async () => {
    const machine = site.client('machine');
    const calls = await Promise.all(Array.from({ length: 20 }, () => machine.get('things')));
    expect(calls.map(({ data }) => data)).toEqual(Array.from({ length: 20 }, () => ['thing']));
    expect(site.seenAt('token')).toMatchObject([
      { sent: { grant_type: 'client_credentials', scope: 'read', resource: API }, status: 200 },
    ]);
    const [token, ...others] = tokensAtApi();
    expect(others).toEqual([]);
    const { payload } = await jwtVerify(token ?? '', keys(), { audience: API, issuer: site.oidc.url, typ: 'at+jwt' });
    expect(payload).toMatchObject({ client_id: 'machine', scope: 'read' });
  });

  it('keeps its token, and requests another shortly before the token expires', async () => {
    const machine = site.client('machine');
    await machine.get('things');
    const [first] = tokensAtApi();
    jest.useFakeTimers({
      now: Date.now() + 500_000,
      doNotFake: ['nextTick', 'setImmediate', 'setTimeout', 'queueMicrotask'],
    });
    await machine.get('things');
    expect(tokensAtApi()).toEqual([first]);
    jest.setSystemTime(Date.now() + 60_000);
    await machine.get('things');
    expect(tokensAtApi()).toHaveLength(2);
  });

  it('requests a token with another scope through fetchAccessToken', async () => {
    const token = await site.client('machine').fetchAccessToken({ grantType: 'client_credentials', scope: 'write' });
    expect(decodeJwt(token.accessToken)).toMatchObject({ scope: 'write', aud: API });
  });

  it('calls its API with a token that is bound to a key', async () => {
    await Promise.all([1, 2].map(() => site.client('sealed').get('things')));
    const [first, second] = api.requests;
    const [scheme, token = ''] = first?.headers.authorization?.split(' ') ?? [];
    expect(scheme).toBe('DPoP');
    const { jwk } = decodeProtectedHeader(String(first?.headers.dpop));
    expect(decodeJwt(token).cnf).toEqual({ jkt: await calculateJwkThumbprint(jwk ?? {}) });
    expect(second?.headers.authorization).toBe(first?.headers.authorization);
    expect(second?.headers.dpop).not.toBe(first?.headers.dpop);
  });

  it('calls its API with an opaque token', async () => {
    const opaque = site.client('opaque');
    await opaque.get('things');
    const [accessToken = ''] = tokensAtApi();
    expect(await opaque.introspectToken({ token: { accessToken } })).toMatchObject({
      active: true,
      client_id: 'opaque',
    });
  });
});

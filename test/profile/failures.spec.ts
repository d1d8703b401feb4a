import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ForbiddenException, Logger } from '@nestjs/common';
import type { OAuth2App, OAuth2Token, ProfileError } from 'nestjs-oauth-client';
import type { ProfileContext, ProfileFunction } from 'nestjs-oauth-client/protocol';
import { run, stopAll } from '../conformance/relying-party.js';
import { oauth1ClientOf } from '../providers/client-of.js';
import { answerLogins } from '../providers/scripted-provider.js';
import { testApp } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';
import { ProfileSite } from './profile-login.js';

let site: ProfileSite;
let lines: string[];

beforeEach(async () => {
  site = await ProfileSite.start();
  lines = [];
  const log = (line: unknown): number => lines.push(String(line));
  Logger.overrideLogger({ log, warn: log, error: log, debug: log, verbose: log });
});

afterEach(async () => {
  Logger.overrideLogger(['error', 'warn']);
  await site.close();
  await stopAll();
});

function twoRequests(more: object = {}) {
  const requests = [{ url: site.url('user') }, { name: 'emails', url: `${site.url('emails')}?key=k3y` }];
  return { profile: { requests, claims: { sub: 'id' } }, ...more };
}

async function dev(settings: object): Promise<OAuth2App> {
  return (await site.open(settings)).registry.get<OAuth2App>('dev');
}

describe('a profile request that fails', () => {
  it('fails the login with an error that names the request, without its query', async () => {
    site.api('user', { id: 1 });
    const page = await site.page(twoRequests());
    expect(page.status).toBe(502);
    expect(page.json()).toMatchObject({
      error: 'profile_failed',
      error_description: expect.stringContaining(
        `the profile request "emails" (GET ${site.url('emails')}) failed: it was answered with status 404`,
      ),
    });
    expect(lines.join('\n')).toMatch(/login failed client=dev error=profile_failed .*provider_status=404/);
    expect(page.text + lines.join('\n')).not.toMatch(/k3y|token-of-ada/);
  });

  it('gives the token to the application', async () => {
    const app = await dev(twoRequests());
    const token = { accessToken: 'token-of-ada', tokenType: 'bearer' };
    const error = await app.userinfo({ token }).catch((reason: unknown) => reason as ProfileError);
    expect((error as ProfileError).token).toEqual(token);
    expect(Object.keys(error)).not.toContain('token');
  });

  it.each<[string, () => void, RegExp]>([
    ['the connection ends', () => site.provider.on('GET /api/user', () => 'endless'), /provider_\w+/],
    ['the response is not JSON', () => site.provider.on('GET /api/user', () => ({ body: 'hello' })), /not JSON/],
    ['the response has no identifier', () => site.api('user', { error: 'x' }), /no usable sub/],
  ])('says why: %s', async (_, script, why) => {
    script();
    const settings = { profile: { requests: [{ url: site.url('user') }], claims: { sub: 'id' } } };
    const page = await site.page(settings);
    expect(page.json()).toMatchObject({ error_description: expect.stringMatching(why) });
  });

  it('continues the login without user info, if the profile is not required', async () => {
    const { userInfo, account, token } = await site.login(twoRequests({ requireProfile: false }));
    expect([userInfo, account, token.accessToken]).toEqual([undefined, undefined, 'token-of-ada']);
    expect(lines.join('\n')).toMatch(/profile request failed client=dev error=profile_failed/);
  });

  it('continues the login of OAuth 1 without user info, if the profile is not required', async () => {
    answerLogins(site.provider);
    const client = oauth1ClientOf(site.provider, twoRequests({ requireProfile: false }));
    site.app = await testApp({ clients: { dev: client } });
    const page = await new Visitor(() => site.app).signIn('oauth_token=rt&oauth_verifier=v');
    expect(page.json()).toMatchObject({ token: { oauthToken: 'at' } });
    expect(page.json() as object).not.toHaveProperty('userInfo');
  });

  it('leaves the claims of the id_token, if the profile is not required', async () => {
    const { body } = await run({ settings: twoRequests({ requireProfile: false }) });
    expect(body.userInfo).toMatchObject({ sub: 'ada', raw: { sub: 'ada' } });
  });

  it('throws for userinfo() also if the profile is not required', async () => {
    const app = await dev(twoRequests({ requireProfile: false }));
    const token = { accessToken: 'a', tokenType: 'bearer' } as const;
    await expect(app.userinfo({ token })).rejects.toMatchObject({ error: 'profile_failed' });
  });

  it('logs the failure of an optional request, and continues the login', async () => {
    site.api('user', { id: 1 });
    const requests = [{ url: site.url('user') }, { name: 'emails', url: site.url('emails'), optional: true }];
    await site.login({ profile: { requests, claims: { sub: 'id' } } });
    expect(lines.filter((line) => line.startsWith('profile request failed client=dev'))).toHaveLength(1);
  });
});

describe('a profile function', () => {
  async function login(profile: ProfileFunction) {
    return site.login({ profile, callbackParameters: ['realmId'] }, 'code=c&realmId=42');
  }

  it('receives the token and the callback, and sends requests with the token', async () => {
    site.provider.on('GET /api/me', () => ({ body: '{"id":9007199254740993,"name":"Ada"}' }));
    let context: ProfileContext | undefined;
    const { userInfo } = await login(async (given) => {
      context = given;
      const me = (await given.get('me', { headers: { 'X-Part': 'all' } })) as { id: string; name: string };
      return {
        sub: me.id,
        name: 7,
        roles: ['a'],
        email: '',
        email_verified: true,
        picture: 'javascript:1',
        raw: { me },
      };
    });
    expect(userInfo).toEqual({
      sub: '9007199254740993',
      name: '7',
      roles: ['a'],
      raw: { me: { id: '9007199254740993', name: 'Ada' } },
    });
    expect((context?.token as OAuth2Token).accessToken).toBe('token-of-ada');
    expect(context?.callback).toEqual({ realmId: '42' });
    expect(site.calls[0]?.headers).toMatchObject({ authorization: 'Bearer token-of-ada', 'x-part': 'all' });
  });

  it('gets the fields of the token response as raw by default', async () => {
    site.issue({ user: { id: 1 } });
    const { userInfo } = await login(() => ({ sub: 1 }));
    expect(userInfo).toEqual({ sub: '1', raw: { token_type: 'bearer', user: { id: 1 }, realmId: '42' } });
  });

  it.each<[string, ProfileFunction, string]>([
    ['no sub', () => ({ name: 'Ada' }), 'profile_failed'],
    ['an inherited sub', () => Object.create({ sub: '1' }) as Record<string, unknown>, 'profile_failed'],
    ['a rounded number', () => ({ sub: 2 ** 53 }), 'profile_failed'],
    ['nothing', () => undefined as unknown as Record<string, unknown>, 'invalid_configuration'],
    ['a list', () => [] as unknown as Record<string, unknown>, 'invalid_configuration'],
  ])('fails the login if it returns %s', async (_, profile, error) => {
    expect((await site.page({ profile })).json()).toMatchObject({ error });
  });

  it('fails the login as a fault of the application if it throws, without the message of its error', async () => {
    const page = await site.page({
      profile: () => {
        throw new TypeError('token-of-ada is odd');
      },
    });
    expect([page.status, page.json()]).toMatchObject([500, { error: 'invalid_configuration' }]);
    expect(page.text).toContain('dev.profile threw TypeError');
    expect(page.text + lines.join('\n')).not.toContain('token-of-ada');
  });

  it('can refuse a user with an HttpException', async () => {
    const page = await site.page({
      profile: () => {
        throw new ForbiddenException('not a member');
      },
    });
    expect([page.status, page.json()]).toMatchObject([403, { message: 'not a member' }]);
  });

  it('fails the login with a ProfileError if a request fails', async () => {
    const page = await site.page({ profile: async ({ get }: ProfileContext) => ({ sub: await get('me') }) });
    expect([page.status, page.json()]).toMatchObject([502, { error: 'profile_failed' }]);
  });

  it('sends requests to the base URL in the token', async () => {
    site.issue({ domain: site.provider.url });
    site.api('me', { id: 5 });
    const { userInfo } = await site.login({
      apiBaseUrl: undefined,
      tokenApiBaseUrl: { field: 'domain', hosts: ['127.0.0.1'], path: 'api' },
      profile: async ({ get }: ProfileContext) => ({ sub: ((await get('me')) as { id: number }).id }),
    });
    expect(userInfo?.sub).toBe('5');
  });

  it('reads the profile also by userinfo()', async () => {
    site.api('me', { id: 5 });
    const app = await dev({
      profile: async ({ get }: ProfileContext) => (await get('me')) as { id: number } & { sub: 1 },
    });
    await expect(app.userinfo({ token: { accessToken: 'a' } })).rejects.toMatchObject({ error: 'profile_failed' });
    expect(site.calls).toHaveLength(1);
  });
});

describe('a profile with an id_token', () => {
  const idToken = ({ header, claims }: { header: object; claims: object }) => ({
    header,
    claims: { ...claims, email: 'ada@example.org', email_verified: true, name: 'Ada of the id_token' },
  });

  it('has the claims of the id_token, and raw, if it is empty', async () => {
    const { body } = await run({ idToken, settings: { profile: {} } } as never);
    expect(body.userInfo).toMatchObject({ sub: 'ada', email_verified: true });
    expect(body.userInfo?.raw).toMatchObject({ sub: 'ada', email: 'ada@example.org' });
  });

  it('is read by userinfo() with the claims of the id_token in the token, or of the userinfo endpoint if it is empty', async () => {
    site.api('user', { id: 7, title: 'Countess' });
    const requests = [{ url: site.url('user') }];
    const empty = await run({ idToken, settings: { profile: {} } } as never);
    const token = empty.body.token as OAuth2Token;
    expect(await empty.app.registry.get<OAuth2App>('rp').userinfo({ token })).toMatchObject({
      email: 'ada@example.org',
      raw: { sub: 'ada' },
    });
    expect(empty.provider.times('/userinfo')).toBe(1);
    const full = await run({ idToken, settings: { profile: { requests, claims: { name: 'title' } } } } as never);
    const signed = full.body.token as OAuth2Token;
    expect(await full.app.registry.get<OAuth2App>('rp').userinfo({ token: signed })).toMatchObject({
      sub: 'ada',
      name: 'Countess',
      email_verified: true,
      raw: { id: 7 },
    });
  });

  it('keeps the claims of the id_token that have no source, and its sub', async () => {
    site.api('user', { id: 7, title: 'Countess' });
    const settings = {
      profile: { requests: [{ url: site.url('user') }], claims: { name: 'title' } },
      allowInsecureHttp: true,
    };
    const { body } = await run({ idToken, settings } as never);
    expect(body.userInfo).toMatchObject({
      sub: 'ada',
      name: 'Countess',
      email: 'ada@example.org',
      email_verified: true,
      raw: { id: 7, title: 'Countess' },
    });
  });

  it('has another sub if the settings name its source', async () => {
    site.api('user', { id: 7 });
    const settings = { profile: { requests: [{ url: site.url('user') }], claims: { sub: 'id' } } };
    expect((await run({ idToken, settings } as never)).body.userInfo).toMatchObject({ sub: '7' });
  });

  it.each<[string, object, object, unknown]>([
    ['another email', { email: 'victim@example.org' }, { email: 'email' }, undefined],
    ['no email', {}, { email: 'email' }, undefined],
    ['the same email', { email: 'ada@example.org' }, { email: 'email' }, true],
    ['the email of the id_token', {}, { email: 'id_token:email' }, true],
    ['an unverified email', { email: 'x@y.z', ok: false }, { email: 'email', email_verified: 'ok' }, false],
  ])('does not verify %s with the email_verified of the id_token', async (_, user, claims, verified) => {
    site.api('user', { id: 7, ...user });
    const settings = { profile: { requests: [{ url: site.url('user') }], claims } };
    expect((await run({ idToken, settings } as never)).body.userInfo?.email_verified).toBe(verified);
  });
});

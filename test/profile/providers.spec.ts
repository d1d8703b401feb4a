import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { oauth1ClientOf } from '../providers/client-of.js';
import { startOAuth1Provider, type OAuth1Provider } from '../providers/oauth1-provider.js';
import type { LoginResult, OAuth1App, OAuth1Token, UserInfo } from 'nestjs-oauth-client';
import { Browser } from '../support/browser.js';
import { testApp } from '../support/test-app.js';
import { ProfileController, ProfileSite } from './profile-login.js';

let site: ProfileSite;

beforeEach(async () => {
  site = await ProfileSite.start();
});

afterEach(() => site.close());

describe('the profile of a provider without OpenID Connect', () => {
  const GITHUB_EMAILS = [
    { email: 'old@example.org', primary: false, verified: true },
    { email: 'ada@example.org', primary: true, verified: true },
  ];

  function github() {
    return {
      profile: {
        requests: [{ url: site.url('user') }, { name: 'emails', url: site.url('user/emails'), optional: true }],
        claims: {
          sub: 'id',
          name: 'name',
          preferred_username: 'login',
          picture: 'avatar_url',
          email: 'emails:[?primary].email',
          email_verified: 'emails:[?primary].verified',
        },
      },
    };
  }

  it('reads two responses of GitHub, and keeps them in raw', async () => {
    const user = { id: 583231, login: 'ada', name: 'Ada', avatar_url: 'https://p.test/ada.png', company: null };
    site.api('user', user);
    site.api('user/emails', GITHUB_EMAILS);
    const { userInfo, account, token } = await site.login(github());
    expect(userInfo).toEqual({
      sub: '583231',
      name: 'Ada',
      preferred_username: 'ada',
      picture: 'https://p.test/ada.png',
      email: 'ada@example.org',
      email_verified: true,
      raw: { ...user, emails: GITHUB_EMAILS },
    });
    expect(account).toEqual({ client: 'dev', subject: '583231' });
    expect(token.accessToken).toBe('token-of-ada');
    expect(site.calls.map(({ headers }) => [headers.authorization, headers.accept])).toEqual([
      ['Bearer token-of-ada', 'application/json'],
      ['Bearer token-of-ada', 'application/json'],
    ]);
  });

  it('signs in without the email addresses of GitHub, if their request is optional and fails', async () => {
    site.api('user', { id: 1, login: 'ada' });
    const { userInfo } = await site.login(github());
    expect(userInfo).toEqual({ sub: '1', preferred_username: 'ada', raw: { id: 1, login: 'ada' } });
  });

  it('sends a POST without a body and without a content type to Dropbox', async () => {
    site.api('get_current_account', { account_id: 'dbid:1', name: { display_name: 'Ada' } }, 'POST');
    const { userInfo } = await site.login({
      profile: {
        requests: [{ url: site.url('get_current_account'), method: 'POST' }],
        claims: { sub: 'account_id', name: 'name.display_name' },
      },
    });
    expect(userInfo).toMatchObject({ sub: 'dbid:1', name: 'Ada' });
    const [{ headers, body } = {}] = site.calls;
    expect([headers?.['content-type'], headers?.authorization, body?.length]).toEqual([
      undefined,
      'Bearer token-of-ada',
      0,
    ]);
  });

  it('reads the JSONP of QQ in two steps, with the token in the URL', async () => {
    site.provider.on('GET /api/me', () => ({
      headers: { 'content-type': 'text/html' },
      body: 'callback( {"client_id":"dev","openid":"OPEN/1"} );\n',
    }));
    site.provider.on('GET /api/info', () => ({
      headers: { 'content-type': 'text/javascript' },
      body: '{"ret":0,"nickname":"Ada","figureurl_qq_2":"http://q.test/1.png"}',
    }));
    const { userInfo } = await site.login({
      profile: {
        requests: [
          { name: 'me', url: site.url('me'), token: 'uri' },
          {
            name: 'info',
            url: site.url('info'),
            query: { oauth_consumer_key: '{client_id}', openid: '{me:openid}' },
            token: 'uri',
          },
        ],
        claims: { sub: 'me:openid', name: 'info:nickname', picture: 'info:figureurl_qq_2' },
      },
    });
    expect(userInfo).toEqual({
      sub: 'OPEN/1',
      name: 'Ada',
      picture: 'http://q.test/1.png',
      raw: {
        client_id: 'dev',
        openid: 'OPEN/1',
        info: { ret: 0, nickname: 'Ada', figureurl_qq_2: 'http://q.test/1.png' },
      },
    });
    const { searchParams } = new URL(site.calls[1]!.url, site.provider.url);
    expect(Object.fromEntries(searchParams)).toEqual({
      oauth_consumer_key: 'dev',
      openid: 'OPEN/1',
      access_token: 'token-of-ada',
    });
    expect(site.calls[1]!.headers.authorization).toBeUndefined();
  });

  it('reads the athlete in the token response of Strava, without a request', async () => {
    site.issue({ refresh_token: 'refresh-of-ada', athlete: { id: 227615, firstname: 'Ada', lastname: 'L.' } });
    const { userInfo } = await site.login({
      profile: {
        claims: { sub: 'token:athlete.id', name: { join: ['token:athlete.firstname', 'token:athlete.lastname'] } },
      },
    });
    expect(userInfo).toMatchObject({ sub: '227615', name: 'Ada L.' });
    expect(userInfo?.raw).toMatchObject({ athlete: { id: 227615, firstname: 'Ada', lastname: 'L.' } });
    expect(JSON.stringify(userInfo)).not.toMatch(/of-ada/);
    expect(site.calls).toEqual([]);
  });

  it('uses the openid in the token response of WeChat in a request, and prefers the unionid', async () => {
    site.issue({ openid: 'o 1&a=b', unionid: 'u1' });
    site.api('userinfo', { openid: 'o 1&a=b', unionid: 'u1', nickname: 'Ada' });
    const { userInfo } = await site.login({
      profile: {
        requests: [{ url: site.url('userinfo'), query: { openid: '{token:openid}', lang: 'en' }, token: 'uri' }],
        claims: { sub: ['unionid', 'openid'], name: 'nickname' },
      },
    });
    expect(userInfo).toMatchObject({ sub: 'u1', name: 'Ada' });
    const { searchParams } = new URL(site.calls[0]!.url, site.provider.url);
    expect([...searchParams.keys()]).toEqual(['openid', 'lang', 'access_token']);
    expect(searchParams.get('openid')).toBe('o 1&a=b');
  });

  it('sends the GraphQL query of Linear unchanged', async () => {
    const query = '{viewer{id name email{address}}}';
    site.api('graphql', { data: { viewer: { id: 'abc', name: 'Ada' } } }, 'POST');
    const { userInfo } = await site.login({
      profile: {
        requests: [{ url: site.url('graphql'), json: { query } }],
        claims: { sub: 'data.viewer.id', name: 'data.viewer.name' },
      },
    });
    expect(userInfo).toMatchObject({ sub: 'abc', name: 'Ada' });
    const [{ headers, body } = {}] = site.calls;
    expect(headers?.['content-type']).toBe('application/json');
    expect(JSON.parse(String(body))).toEqual({ query });
  });

  it('keeps the list of resources of Atlassian in raw', async () => {
    site.api('me', { account_id: 'a1', name: 'Ada' });
    site.api('resources', [{ id: 'cloud-1', url: 'https://x.test' }]);
    const { userInfo } = await site.login({
      profile: {
        requests: [{ url: site.url('me') }, { name: 'resources', url: site.url('resources') }],
        claims: { sub: 'account_id', name: 'name' },
      },
    });
    expect(userInfo?.raw?.resources).toEqual([{ id: 'cloud-1', url: 'https://x.test' }]);
  });

  it('reads the name of Apple in the callback, which is JSON, and the other claims in the token response', async () => {
    const user = JSON.stringify({ name: { firstName: 'Ada', lastName: 'L.' } });
    site.issue({ user_id: 7 });
    const { userInfo } = await site.login(
      {
        callbackParameters: ['user'],
        profile: {
          claims: {
            sub: 'token:user_id',
            name: { join: ['callback:user.name.firstName', 'callback:user.name.lastName'] },
          },
        },
      },
      `code=c&user=${encodeURIComponent(user)}`,
    );
    expect(userInfo).toMatchObject({ sub: '7', name: 'Ada L.' });
  });

  it('sends the client secret as a parameter to Disqus', async () => {
    site.api('details', { response: { id: '5' } });
    await site.login({
      profile: {
        requests: [
          { url: site.url('details'), query: { api_key: '{client_id}', api_secret: '{client_secret}' }, token: 'uri' },
        ],
        claims: { sub: 'response.id' },
      },
    });
    expect(new URL(site.calls[0]!.url, site.provider.url).search).toBe(
      '?api_key=dev&api_secret=dev-secret&access_token=token-of-ada',
    );
  });

  it('sends the access token in the path to HubSpot, and no header with it', async () => {
    site.api('access-tokens/token-of-ada', { user_id: 12, token: 'token-of-ada', user: 'ada@example.org' });
    const { userInfo } = await site.login({
      profile: {
        requests: [{ url: site.url('access-tokens/{access_token}'), token: 'none' }],
        claims: { sub: 'user_id', email: 'user' },
      },
    });
    expect(userInfo).toEqual({
      sub: '12',
      email: 'ada@example.org',
      raw: { user_id: 12, user: 'ada@example.org' },
    });
    expect(site.calls[0]!.headers.authorization).toBeUndefined();
  });
});

describe('the profile of an OAuth 1 provider', () => {
  let provider: OAuth1Provider;

  beforeEach(async () => {
    provider = await startOAuth1Provider({ consumers: [{ key: 'dev', secret: 'dev-secret' }] });
  });

  afterEach(() => provider.close());

  it('is read with signed requests, at the login and by userinfo()', async () => {
    const profile = {
      requests: [{ url: `${provider.url}/api/me`, query: { include_email: 'true' } }],
      claims: { sub: 'id', name: 'name', preferred_username: 'token:screen_name' },
    };
    const clients = { dev: oauth1ClientOf(provider, { profile }) };
    const app = await testApp({ clients, controllers: [ProfileController] });
    try {
      const browser = new Browser();
      const page = await browser.allow(await browser.get(`${app.url}/auth/dev/login`));
      const { token, userInfo, account } = page.json() as LoginResult<OAuth1Token> & { userInfo: UserInfo };
      expect(account).toEqual({ client: 'dev', subject: userInfo.sub });
      expect(userInfo).toMatchObject({ name: 'Ada Lovelace', preferred_username: 'ada' });
      expect(userInfo.sub).toMatch(/./);
      expect(userInfo.raw).toMatchObject({ screen_name: 'ada' });
      expect(await app.registry.get<OAuth1App>('dev').userinfo({ token })).toEqual(userInfo);
    } finally {
      await app.close();
    }
  });

  it('is missing for userinfo() of a client without `profile`', async () => {
    const app = await testApp({ clients: { dev: oauth1ClientOf(provider) } });
    try {
      const token = { oauthToken: 't', oauthTokenSecret: 's' };
      await expect(app.registry.get<OAuth1App>('dev').userinfo({ token })).rejects.toMatchObject({
        error: 'invalid_configuration',
        message: expect.stringContaining('dev.profile: missing'),
      });
    } finally {
      await app.close();
    }
  });
});

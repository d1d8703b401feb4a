import { Controller, Get, Post, Req, type Type } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  OAuthBackchannelLogout,
  OAuthCallback,
  OAuthFrontchannelLogout,
  OAuthLogin,
  OAuthLogout,
  OAuthLogoutCallback,
  type OAuth2App,
} from 'nestjs-oauth-client';
import { clientOfRoute } from '../../lib/routes/route-client.js';
import { bareResponse } from '../support/bare-response.js';
import { Browser } from '../support/browser.js';
import { testApp, type TestApp } from '../support/test-app.js';

const LISTED = ['dev', 'billing', 'gone'];
const OAUTH2 = {
  clientId: 'id',
  clientSecret: 'secret',
  authorizeUrl: 'https://provider.test/authorize',
  accessTokenUrl: 'https://provider.test/token',
  endSessionEndpoint: 'https://provider.test/end',
};
const clients = {
  dev: OAUTH2,
  other: OAUTH2,
  billing: { ...OAUTH2, grantType: 'client_credentials' as const },
};

/** Returns a controller of login and logout routes for any client, for the clients of a list, or for one client. */
function controllerOf(prefix: string, served?: string | readonly string[]): Type<unknown> {
  @Controller(prefix)
  class RoutesController {
    @Get('login')
    @OAuthLogin(served, { redirectUri: 'https://app.test/callback' })
    login(): void {}

    @Get('callback')
    @OAuthCallback(served)
    callback(): void {}

    @Get('logout')
    @OAuthLogout(served, {})
    logout(): void {}

    @Get('signed-out')
    @OAuthLogoutCallback(served)
    signedOut(): void {}

    @Post('backchannel-logout')
    @OAuthBackchannelLogout(served)
    signedOutThere(): void {}

    @Get('frontchannel-logout')
    @OAuthFrontchannelLogout(served)
    signedOutInFrame(@Req() _: object): void {}
  }
  return RoutesController;
}

const CONTROLLERS = [
  controllerOf('any/:provider'),
  controllerOf('listed/:provider', LISTED),
  controllerOf('billing', 'billing'),
];
const ENCRYPTION_KEYS = Buffer.alloc(32, 1).toString('base64');

const GETS = ['login', 'callback', 'logout', 'signed-out', 'frontchannel-logout'];

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  let app: TestApp;
  let url: string;

  beforeEach(async () => {
    app = await testApp({
      platform,
      clients,
      state: 'cookie',
      encryptionKeys: ENCRYPTION_KEYS,
      controllers: CONTROLLERS,
    });
    ({ url } = app);
  });

  afterEach(() => app.close());

  async function statusOf(path: string): Promise<[status: number, error?: string]> {
    const browser = new Browser();
    const post = path.endsWith('backchannel-logout');
    const answer = post
      ? await browser.post(`${url}/${path}`, {})
      : await browser.get(`${url}/${path}`, { follow: false });
    return answer.status < 400 ? [answer.status] : [answer.status, (answer.json() as { error?: string }).error];
  }

  it.each([...GETS, 'backchannel-logout'])(
    'the %s route does not find a machine client by its name in the URL',
    async (route) => {
      expect(await statusOf(`any/billing/${route}`)).toEqual([404, 'unknown_provider']);
      expect(await statusOf(`listed/billing/${route}`)).toEqual([404, 'unknown_provider']);
    },
  );

  it.each([...GETS, 'backchannel-logout'])('the %s route does not find a client outside of its list', async (route) => {
    for (const name of ['other', 'gone', 'nobody', '__proto__', '0', 'length']) {
      expect(await statusOf(`listed/${name}/${route}`)).toEqual([404, 'unknown_provider']);
    }
    expect(await statusOf(`listed/dev/${route}`)).not.toEqual([404, 'unknown_provider']);
    expect(await statusOf(`any/other/${route}`)).not.toEqual([404, 'unknown_provider']);
  });

  it('a client of the list can sign users in', async () => {
    expect(await statusOf('listed/dev/login')).toEqual([302]);
  });

  it.each([...GETS, 'backchannel-logout'])(
    'the %s route responds with 500 when it names a machine client',
    async (route) => {
      expect(await statusOf(`billing/${route}`)).toEqual([500, 'invalid_configuration']);
    },
  );

  it('the methods of a machine client cannot sign users in', async () => {
    const billing = app.registry.get<OAuth2App>('billing');
    const why = 'billing.grant_type: a machine client (client_credentials) cannot sign users in';
    await expect(billing.authorizeRedirect({}, bareResponse(), 'https://app.test/callback')).rejects.toThrow(why);
    await expect(billing.createAuthorizationUrl('https://app.test/callback')).rejects.toThrow(why);
    await expect(
      billing.completeLogin({ method: 'GET', query: { code: 'c', state: 's' } }, bareResponse()),
    ).rejects.toThrow(why);
    await expect(billing.authorizeAccessToken({ method: 'GET', query: {} }, bareResponse())).rejects.toThrow(why);
  });

  it.each([[['dev']], [{ dev: 1 }], [7], [null], [undefined], [new String('dev')]])(
    'refuses %p as the provider in the URL',
    (provider) => {
      const registry = app.registry;
      for (const served of [undefined, LISTED]) {
        expect(() => clientOfRoute({ registry, clients: served, request: { params: { provider } } })).toThrow(
          'no such provider',
        );
      }
      expect(() => clientOfRoute({ registry, clients: undefined, request: { params: provider } })).toThrow(
        'no such provider',
      );
    },
  );
});

it('refuses an empty list of clients in a decorator', () => {
  expect(() => OAuthLogin([])).toThrow('the list of clients of a route is empty');
  expect(() => OAuthBackchannelLogout([])).toThrow('the list of clients of a route is empty');
});

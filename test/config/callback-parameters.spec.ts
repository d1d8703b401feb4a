import { describe, expect, it } from '@jest/globals';
import { OAuthConfigError } from 'nestjs-oauth-client';
import { registryWith } from './registry-with.js';

const OAUTH2 = {
  clientId: 'dev',
  clientSecret: 's',
  authorizeUrl: 'https://provider.test/authorize',
  accessTokenUrl: 'https://provider.test/token',
};
const OAUTH1 = { ...OAUTH2, requestTokenUrl: 'https://provider.test/request' };

async function faultsOf(settings: object): Promise<readonly string[]> {
  const error: unknown = await registryWith({ settings: { AUTHLIB_OAUTH_CLIENTS: { dev: settings } } }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof OAuthConfigError ? error.faults : [];
}

const sentence = (name: string): string =>
  `"${name}" is a name of the protocol or of the token; expected the names of other parameters. Remove it`;

describe('the names of callback parameters', () => {
  it.each([
    ...['code', 'state', 'error', 'error_description', 'iss', 'id_token', 'response', 'access_token', 'hmac'],
    ...['oauth_token', 'oauth_verifier', 'denied', 'refresh_token', 'expires_at', 'scope', 'client_secret'],
    ...['accessToken', 'refreshToken', 'dpopKey', 'issuer', 'clientId', '__proto__', 'constructor', 'then'],
  ])('cannot be %s, with either protocol', async (name) => {
    const fault = [`dev.callback_parameters: ${sentence(name)}`];
    expect(await faultsOf({ ...OAUTH2, callback_parameters: ['realmId', name] })).toEqual(fault);
    expect(await faultsOf({ ...OAUTH1, callbackParameters: [name] })).toEqual(fault);
  });

  it.each(['code', 'client_id', 'client_secret', 'grant_type', 'redirect_uri', 'code_verifier', 'client_assertion'])(
    'of token_request cannot be %s',
    async (name) => {
      const fault = [`dev.token_request.callback_parameters: ${sentence(name)}`];
      expect(await faultsOf({ ...OAUTH2, token_request: { callback_parameters: [name] } })).toEqual(fault);
    },
  );

  it('of token_request can be the state', async () => {
    expect(await faultsOf({ ...OAUTH2, tokenRequest: { callbackParameters: ['state', 'device_id'] } })).toEqual([]);
  });

  it.each([
    ['realmId', 'callback_parameters: expected an array of parameter names'],
    [[''], 'callback_parameters.0: expected the name of a parameter, such as realmId'],
    [['a b'], 'callback_parameters.0: expected the name of a parameter, such as realmId'],
    [['x'.repeat(101)], 'callback_parameters.0: expected the name of a parameter, such as realmId'],
    [[5], 'callback_parameters.0: expected a string'],
    [Array.from({ length: 21 }, (_, index) => `p${index}`), 'callback_parameters: expected at most 20 parameter names'],
  ])('cannot be %j', async (names, fault) => {
    expect(await faultsOf({ ...OAUTH2, callbackParameters: names })).toEqual([`dev.${fault}`]);
  });
});

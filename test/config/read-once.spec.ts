import { describe, expect, it, jest } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { inspect } from 'node:util';
import { OAuthClientModule, OAuthRegistry, type ClientRegistration, type ComplianceFix } from 'nestjs-oauth-client';
import { SettingsSources } from '../../lib/config/settings-sources.js';
import { selfRegisteringClientOf } from '../providers/client-of.js';
import { startScriptedProvider } from '../providers/scripted-provider.js';
import { newKey } from '../support/keys.js';
import { ENDPOINTS, registryWith } from './registry-with.js';

const OAUTH1 = { ...ENDPOINTS, request_token_url: 'https://provider.test/request' };

describe('complianceFix', () => {
  const fix = (): jest.Mock<ComplianceFix> => jest.fn<ComplianceFix>(() => undefined);

  it('is called once for each client, at start-up', async () => {
    const [one, two] = [fix(), fix()];
    const clients = {
      one: { ...ENDPOINTS, client_id: 'one', complianceFix: one },
      two: { ...OAUTH1, client_id: 'two', complianceFix: two },
      three: { ...ENDPOINTS, client_id: 'three', complianceFix: two },
    };
    const registry = await registryWith({ options: { clients } });
    expect([one, two].map(({ mock }) => mock.calls.length)).toEqual([1, 2]);
    for (const name of registry.names) registry.get(name);
    expect([one, two].map(({ mock }) => mock.calls.length)).toEqual([1, 2]);
  });

  it('is called once when a client is registered, used, and replaced', async () => {
    const registry = await registryWith({});
    const [first, second] = [fix(), fix()];
    const client = { ...ENDPOINTS, client_id: 'dev' } as ClientRegistration;
    registry.register('dev', { ...client, complianceFix: first });
    registry.get('dev');
    registry.register('dev', { ...client, complianceFix: second }, { replace: true });
    registry.get('dev');
    expect([first, second].map(({ mock }) => mock.calls.length)).toEqual([1, 1]);
  });

  it('is called once when a client is registered dynamically, and its hooks remain registered', async () => {
    const provider = await startScriptedProvider();
    provider.on('POST /register', () => ({ status: 201, json: { client_id: 'new', client_secret: 's' } }));
    provider.on('POST /token', () => ({ json: { access_token: 'a', token_type: 'strange' } }));
    const complianceFix = jest.fn<ComplianceFix>((session) =>
      session.registerComplianceHook('access_token_response', (response) => {
        response.data.token_type = 'Bearer';
        return response;
      }),
    );
    const registry = await registryWith({});
    const settings = { ...selfRegisteringClientOf(provider), complianceFix };
    await registry.registerDynamically('dev', settings, { redirect_uris: ['https://client.test/cb'] });
    const dev = registry.get('dev') as unknown as { fetchAccessToken(request: object): Promise<object> };
    expect(await dev.fetchAccessToken({ code: 'c' })).toMatchObject({ tokenType: 'bearer' });
    expect(complianceFix).toHaveBeenCalledTimes(1);
    await provider.close();
  });
});

describe('the secrets of a client', () => {
  const RSA_KEY = newKey('RSA').export({ type: 'pkcs8', format: 'pem' }).toString();
  const SECRETS = /s3cret|v3rifier|"d"|\bd: '|BEGIN PRIVATE KEY/;
  const clients = {
    one: { ...OAUTH1, client_id: 'one', client_secret: 's3cret', client_kwargs: { rsa_key: RSA_KEY } },
    two: {
      ...ENDPOINTS,
      client_id: 'two',
      client_secret: 's3cret',
      private_keys: RSA_KEY,
      dpop_key: RSA_KEY,
      access_token_params: { code_verifier: 'v3rifier' },
    },
  };

  it('do not appear when the registry, its apps and its sources are inspected', async () => {
    const imports = [OAuthClientModule.forRoot({ clients: clients })];
    const module = await Test.createTestingModule({ imports }).compile();
    const registry = module.get(OAuthRegistry);
    const found = [registry, registry.get('one'), registry.get('two'), registry, module.get(SettingsSources)];
    for (const object of found) {
      expect(inspect(object, { depth: 20, showHidden: true })).not.toMatch(SECRETS);
      expect(JSON.stringify(object)).not.toMatch(SECRETS);
    }
  });
});

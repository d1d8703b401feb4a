import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  OAuthConfigError,
  UnusableRegistrationError,
  type ClientRegistration,
  type ComplianceFix,
  type OAuth2App,
} from 'nestjs-oauth-client';
import { CLIENT_AUTH_METHODS } from '../../lib/config/client-auth-methods.js';
import { clientConfig, type OAuth2ClientConfig } from '../../lib/config/client-config.js';
import { readClient } from '../../lib/config/read-client.js';
import { normalizeKeys } from '../../lib/config/setting-keys.js';
import { clientAuthentication } from '../../lib/oauth2/client/client-authentication.js';
import { ENDPOINTS, registryWith } from '../config/registry-with.js';
import { selfRegisteringClientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { newKey, privateJwk } from '../support/keys.js';

const KNOWN = Object.keys(CLIENT_AUTH_METHODS);
const UNKNOWN = [
  'client_secret_digest',
  'Client_Secret_Basic',
  'client_secret_basic ',
  'client-secret-basic',
  'tls_client_authentication',
  'my_tls_client_auth',
  'constructor',
  'toString',
  '__proto__',
];
const KEY = privateJwk(newKey('P-256'));

describe('unknown client authentication methods', () => {
  let provider: ScriptedProvider;

  beforeEach(async () => {
    provider = await startScriptedProvider();
    provider.on('POST /token', () => ({ json: { access_token: 'a', token_type: 'Bearer' } }));
  });

  afterEach(() => provider.close());

  async function clientWith(settings: object): Promise<OAuth2App> {
    const dev = {
      clientId: 'dev',
      clientSecret: 's3cret',
      accessTokenUrl: `${provider.url}/token`,
      grantType: 'client_credentials',
      allowInsecureHttp: true,
      ...settings,
    } as ClientRegistration;
    return (await registryWith({ options: { clients: { dev } } })).get<OAuth2App>('dev');
  }

  /** Returns the credentials in the last token request. */
  async function sentBy(dev: OAuth2App): Promise<[header: string | undefined, body: string]> {
    await dev.fetchAccessToken({ grantType: 'client_credentials' });
    const { headers, body } = provider.requests.at(-1)!;
    return [headers.authorization ?? (headers['x-custom'] as string | undefined), body.toString()];
  }

  it.each(UNKNOWN)('refuses settings with an unknown method, and lists the known methods: %j', async (method) => {
    const dev = {
      client_id: 'dev',
      client_secret: 's',
      ...ENDPOINTS,
      client_kwargs: { token_endpoint_auth_method: method },
    };
    await expect(registryWith({ options: { clients: { dev } } })).rejects.toMatchObject({
      faults: [`dev.client_kwargs.token_endpoint_auth_method: unknown; there are ${KNOWN.join(', ')}`],
    });
  });

  it.each(UNKNOWN)('never sends a request without credentials for an unknown method: %j', (method) => {
    const settings = normalizeKeys({ client_id: 'dev', client_secret: 's', ...ENDPOINTS });
    const client = readClient({ name: 'dev', registeredAtRunTime: false, allowInsecureHosts: false }, settings);
    if ('faults' in client) throw new Error(client.faults.join());
    const config = clientConfig(client) as OAuth2ClientConfig;
    const clientSecret = () => Promise.resolve('');
    const credentials = {
      clientSecret,
      signingKey: () => Promise.reject(new Error('none')),
      audience: 'https://p.test',
    };
    expect(() => clientAuthentication(config, method, credentials)).toThrow(OAuthConfigError);
    for (const known of KNOWN) expect(clientAuthentication(config, known, credentials)).toBeInstanceOf(Function);
  });

  it.each(['client_secret_digest', 'constructor'])(
    'refuses to use a client whose registration response has an unknown method: %j',
    async (method) => {
      provider.on('POST /register', () => ({
        status: 201,
        json: { client_id: 'new', client_secret: 's', token_endpoint_auth_method: method },
      }));
      const registry = await registryWith({});
      const registration = registry.registerDynamically('dev', selfRegisteringClientOf(provider), {
        redirect_uris: ['https://client.test/cb'],
      });
      await expect(registration).rejects.toThrow(UnusableRegistrationError);
      expect(registry.has('dev')).toBe(false);
    },
  );

  it.each(['client_secret_digest', 'constructor'])(
    'ignores an unknown method in the metadata, and uses a known method: %j',
    async (method) => {
      provider.on('GET /.well-known/openid-configuration', () => ({
        json: {
          issuer: provider.url,
          token_endpoint: `${provider.url}/token`,
          token_endpoint_auth_methods_supported: [method],
        },
      }));
      const [header] = await sentBy(await clientWith({ accessTokenUrl: undefined, issuer: provider.url }));
      expect(header).toMatch(/^Basic /);
    },
  );

  it('accepts an unknown method that complianceFix registers', async () => {
    for (const name of ['client_secret_digest', 'constructor']) {
      const complianceFix: ComplianceFix = (session) =>
        session.registerClientAuthMethod(name, (request, { clientId }) => {
          request.headers['x-custom'] = `${name} ${clientId}`;
          return request;
        });
      const dev = await clientWith({ complianceFix, clientKwargs: { tokenEndpointAuthMethod: name } });
      expect(await sentBy(dev)).toEqual([`${name} dev`, 'grant_type=client_credentials']);
    }
  });

  it('sends no secret beside a method that complianceFix registers in place of the default', async () => {
    provider.on('GET /.well-known/openid-configuration', () => ({
      json: {
        issuer: provider.url,
        token_endpoint: `${provider.url}/token`,
        token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt'],
      },
    }));
    const complianceFix: ComplianceFix = (session) =>
      session.registerClientAuthMethod('client_secret_basic', (request) => {
        request.headers['x-custom'] = 'mine';
        return request;
      });
    const settings = { accessTokenUrl: undefined, issuer: provider.url, privateKeys: KEY, complianceFix };
    expect(await sentBy(await clientWith(settings))).toEqual(['mine', 'grant_type=client_credentials']);
  });
});

import { afterEach, describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';
import { OAuthClientModule, OAuthConfigError } from 'nestjs-oauth-client';
import type { ComplianceSession } from 'nestjs-oauth-client/protocol';
import { registryWith, type Given } from './registry-with.js';

const KEY = 'AUTHLIB_OAUTH_CLIENTS';
const MARKER = 'm4rk3r';
const OAUTH2 = {
  client_id: 'dev',
  client_secret: MARKER,
  authorize_url: 'https://provider.test/authorize',
  access_token_url: 'https://provider.test/token',
};
const unset = (variable: string): string =>
  `. Set the variable ${variable}, or give it in code or under ${KEY}; is the .env file there?`;
const OAUTH1 = { ...OAUTH2, request_token_url: 'https://provider.test/request' };

/** Returns the error of start-up, which must be an OAuthConfigError without a secret. */
async function startUpError(given: Given): Promise<OAuthConfigError> {
  const error: unknown = await registryWith(given).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(OAuthConfigError);
  expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(MARKER);
  return error as OAuthConfigError;
}

async function faultsOf(settings: object): Promise<readonly string[]> {
  return (await startUpError({ settings: { [KEY]: { dev: settings } } })).faults;
}

describe('the check of the settings', () => {
  it.each([
    ['client_idd', 'client_id'],
    ['cliend_id', 'client_id'],
    ['clientID', 'client_id'],
    ['acess_token_url', 'access_token_url'],
    ['accesTokenUrl', 'access_token_url'],
    ['authorise_url', 'authorize_url'],
    ['api_baseurl', 'api_base_url'],
    ['client_kwarg', 'client_kwargs'],
    ['server_metdata_url', 'server_metadata_url'],
    ['complience_fix', 'compliance_fix'],
    ['client_secrt', 'client_secret'],
  ])('reports the unknown key %s, and suggests %s', async (key, nearest) => {
    expect(await faultsOf({ ...OAUTH2, [key]: MARKER })).toEqual([`dev.${key}: unknown key; did you mean ${nearest}?`]);
  });

  it.each([
    ['scop', 'scope'],
    ['token_placment', 'token_placement'],
    ['token_endpoint_auth_metod', 'token_endpoint_auth_method'],
    ['leway', 'leeway'],
  ])('reports the unknown key %s in client_kwargs, and suggests %s', async (key, nearest) => {
    expect(await faultsOf({ ...OAUTH2, client_kwargs: { [key]: MARKER } })).toEqual([
      `dev.client_kwargs.${key}: unknown key; did you mean ${nearest}?`,
    ]);
  });

  it('reports an unknown key without a suggestion if it resembles no other key', async () => {
    expect(await faultsOf({ ...OAUTH2, xyzzy: MARKER })).toEqual(['dev.xyzzy: unknown key']);
  });

  it('reports a key that belongs in client_kwargs, or beside it', async () => {
    expect(await faultsOf({ ...OAUTH2, scope: 'openid', client_kwargs: { authorizeUrl: MARKER } })).toEqual([
      'dev.client_kwargs.authorize_url: belongs beside client_kwargs',
      'dev.scope: belongs in client_kwargs',
    ]);
  });

  it.each([
    ['client_id', 5, 'expected a string'],
    ['client_id', '', 'must not be empty'],
    ['client_id', { [MARKER]: MARKER }, 'expected a string'],
    ['client_secret', 5, 'expected a string'],
    ['client_secret', [MARKER], 'expected a string'],
    ['authorize_url', 5, 'expected a string'],
    ['authorize_url', '', 'must not be empty'],
    ['authorize_url', `/authorize?${MARKER}`, 'expected an absolute http or https URL'],
    ['authorize_url', `provider.test/${MARKER}`, 'expected an absolute http or https URL'],
    ['access_token_url', `ftp://${MARKER}@provider.test/`, 'expected an absolute http or https URL'],
    ['access_token_url', `javascript:alert("${MARKER}")`, 'expected an absolute http or https URL'],
    ['access_token_url', 'https://', 'expected an absolute http or https URL'],
    ['access_token_url', `file:///${MARKER}`, 'expected an absolute http or https URL'],
    ['refresh_token_url', '//provider.test/', 'expected an absolute http or https URL'],
    ['server_metadata_url', 'metadata', 'expected an absolute http or https URL'],
    ['api_base_url', 'api/', 'expected an absolute http or https URL'],
    ['api_origins', 'https://api.test', 'expected an array of origins'],
    ['access_token_params', MARKER, 'expected an object of parameters'],
    ['access_token_params', [MARKER], 'expected an object of parameters'],
    ['authorize_params', 5, 'expected an object of parameters'],
    ['refresh_token_params', true, 'expected an object of parameters'],
    ['client_kwargs', MARKER, 'expected an object'],
    ['client_kwargs', [MARKER], 'expected an object'],
    ['client_kwargs', 5, 'expected an object'],
    ['client_kwargs', [], 'expected an object'],
    ['code_challenge_method', 'plain', 'expected "S256" (RFC 7636 §4.2), or "none" to turn PKCE off'],
    ['code_challenge_method', true, 'expected "S256" (RFC 7636 §4.2), or "none" to turn PKCE off'],
    ['fetch_token', MARKER, 'expected a function'],
    ['update_token', { [MARKER]: MARKER }, 'expected a function'],
    ['compliance_fix', MARKER, 'expected a function'],
  ])('reports an invalid value: %s of %j', async (key, value, message) => {
    expect(await faultsOf({ ...OAUTH2, [key]: value })).toEqual([`dev.${key}: ${message}`]);
  });

  it.each([
    ['scope', 5, 'expected a string or an array of strings'],
    ['scope', [5], 'expected a string or an array of strings'],
    ['token_placement', 'cookie', 'expected header, body or uri'],
    ['token_endpoint_auth_method', 5, 'expected a string'],
    ['code_challenge_method', 'plain', 'expected "S256" (RFC 7636 §4.2), or "none" to turn PKCE off'],
    ['leeway', '60', 'expected a number of seconds'],
    ['leeway', -1, 'expected 0 to 86400 seconds'],
  ])('reports an invalid value in client_kwargs: %s of %j', async (key, value, message) => {
    expect(await faultsOf({ ...OAUTH2, client_kwargs: { [key]: value } })).toEqual([
      `dev.client_kwargs.${key}: ${message}`,
    ]);
  });

  it.each([
    ['signature_type', 'BODIES', 'expected HEADER, QUERY or BODY'],
    ['realm', 5, 'expected a string'],
    ['force_include_body', 'yes', 'expected true or false'],
    ['rsa_key', 5, 'expected a string'],
    ['signature_method', 5, 'expected a string'],
  ])('reports an invalid value in client_kwargs of OAuth 1: %s of %j', async (key, value, message) => {
    expect(await faultsOf({ ...OAUTH1, client_kwargs: { [key]: value } })).toEqual([
      `dev.client_kwargs.${key}: ${message}`,
    ]);
  });

  it.each([
    'https://api.test/v1',
    'https://api.test?x',
    'https://user:m4rk3r@api.test',
    'api.test',
    'https://*.api.test/*',
  ])('reports an entry of api_origins that is not an origin: %s', async (origin) => {
    const [fault, ...more] = await faultsOf({ ...OAUTH2, api_origins: ['https://good.test', origin] });
    expect(more).toEqual([]);
    expect(fault).toMatch(/^dev\.api_origins\.1: expected an (origin|absolute)/);
  });

  it('reports a parameter that is an object or null by its wire name', async () => {
    expect(await faultsOf({ ...OAUTH1, authorize_params: { login_hint: { a: MARKER }, fooBar: null } })).toEqual([
      'dev.authorize_params.login_hint: expected a string, a number or a boolean',
      'dev.authorize_params.fooBar: expected a string, a number or a boolean',
    ]);
  });

  it('reports missing required keys', async () => {
    const endpoints = [
      'dev.authorize_url: missing; give it, or issuer, or server_metadata_url',
      'dev.access_token_url: missing; give it, or issuer, or server_metadata_url',
    ];
    expect(await faultsOf({})).toEqual([`dev.client_id: missing${unset('DEV_CLIENT_ID')}`, ...endpoints]);
    expect(await faultsOf({ client_id: 'dev' })).toEqual(endpoints);
    expect(await faultsOf({ request_token_url: OAUTH1.request_token_url })).toEqual([
      `dev.client_id: missing${unset('DEV_CLIENT_ID')}`,
      'dev.access_token_url: missing',
      'dev.authorize_url: missing',
    ]);
  });

  it('reports a key of the other protocol', async () => {
    const settings = { ...OAUTH1, refresh_token_url: 'https://provider.test/', serverMetadataUrl: MARKER };
    const why = 'belongs to OAuth 2; this client is OAuth 1, since it has a request_token_url';
    expect(await faultsOf(settings)).toEqual([`dev.refresh_token_url: ${why}`, `dev.server_metadata_url: ${why}`]);
    expect(await faultsOf({ ...OAUTH2, client_kwargs: { signature_method: MARKER } })).toEqual([
      'dev.client_kwargs.signature_method: belongs to OAuth 1; this client is OAuth 2, since it has no request_token_url',
    ]);
  });

  it('reports an unknown signature method', async () => {
    expect(await faultsOf({ ...OAUTH1, client_kwargs: { signature_method: 'HMAC-MD5' } })).toEqual([
      'dev.client_kwargs.signature_method: unknown; there are HMAC-SHA1, HMAC-SHA256, RSA-SHA1, RSA-SHA256, PLAINTEXT',
    ]);
  });

  it.each(['RSA-SHA1', 'RSA-SHA256'])('reports %s without a key', async (signature_method) => {
    expect(await faultsOf({ ...OAUTH1, client_kwargs: { signature_method } })).toEqual([
      `dev.client_kwargs.rsa_key: missing; ${signature_method} signs with an RSA private key in PEM`,
    ]);
  });

  it('reports an rsa_key that is not an RSA private key in PEM', async () => {
    const pkcs8 = { type: 'pkcs8', format: 'pem' } as const;
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = rsa.privateKey.export(pkcs8).toString();
    const unusable = {
      text: MARKER,
      'a broken PEM': `-----BEGIN PRIVATE KEY-----\n${MARKER}\n-----END PRIVATE KEY-----\n`,
      'a cut PEM': pem.slice(0, 200),
      'an EC key': generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export(pkcs8).toString(),
      'an Ed25519 key': generateKeyPairSync('ed25519').privateKey.export(pkcs8).toString(),
      'a public key': rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      'an encrypted key': rsa.privateKey.export({ ...pkcs8, cipher: 'aes-256-cbc', passphrase: 'x' }).toString(),
    };
    for (const [what, rsa_key] of Object.entries(unusable)) {
      for (const signature_method of ['RSA-SHA1', 'HMAC-SHA1']) {
        expect([what, await faultsOf({ ...OAUTH1, client_kwargs: { signature_method, rsa_key } })]).toEqual([
          what,
          ['dev.client_kwargs.rsa_key: not a usable RSA private key in PEM'],
        ]);
      }
    }
  });

  it.each([
    'issuer',
    'server_metadata_url',
    'authorize_url',
    'access_token_url',
    'refresh_token_url',
    'api_base_url',
    'jwks_uri',
    'userinfo_endpoint',
    'end_session_endpoint',
  ])('reports http in %s unless allow_insecure_http is set', async (key) => {
    const insecure = { ...OAUTH2, [key]: 'http://localhost:4000/.well-known/openid-configuration' };
    const fault = `dev.${key}: must be https; for a provider on this machine, set allow_insecure_http`;
    expect(await faultsOf(insecure)).toEqual([fault]);
    expect(await faultsOf({ ...insecure, allow_insecure_http: false })).toEqual([fault]);
    const allowed = { [KEY]: { dev: { ...insecure, allow_insecure_http: true } } };
    expect((await registryWith({ settings: allowed })).has('dev')).toBe(true);
  });

  it('reports http in api_origins and in a URL of OAuth 1', async () => {
    const why = 'must be https; for a provider on this machine, set allow_insecure_http';
    expect(await faultsOf({ ...OAUTH2, api_origins: ['https://a.test', 'http://b.test'] })).toEqual([
      `dev.api_origins: ${why}`,
    ]);
    expect(await faultsOf({ ...OAUTH1, request_token_url: 'http://b.test' })).toEqual([
      `dev.request_token_url: ${why}`,
    ]);
  });

  describe('of a key', () => {
    const ed448 = generateKeyPairSync('ed448').privateKey.export({ type: 'pkcs8', format: 'pem' });
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

    it.each([
      ['not in PEM', MARKER],
      ['of an unsupported type', ed448],
      ['a public JWK', publicKey.export({ format: 'jwk' })],
      ['a public key', publicKey],
      ['a list with one invalid key', [generateKeyPairSync('ed25519').privateKey, MARKER]],
      ['an empty list', []],
      ['a number', 7],
    ])('reports private_keys that are invalid: %s', async (_, private_keys) => {
      expect(await faultsOf({ ...OAUTH2, private_keys })).toEqual([
        expect.stringMatching(/^dev\.private_keys: expected private keys/),
      ]);
    });

    it('reports an invalid dpop_key and client_certificate', async () => {
      expect(await faultsOf({ ...OAUTH2, dpop_key: MARKER })).toEqual([
        expect.stringMatching(/^dev\.dpop_key: not a usable private key/),
      ]);
      expect(await faultsOf({ ...OAUTH2, client_certificate: { cert: MARKER, key: MARKER } })).toEqual([
        'dev.client_certificate: not a usable certificate with its key, in PEM',
      ]);
    });

    it('reports missing private_keys if another setting needs them', async () => {
      const client_kwargs = { token_endpoint_auth_method: 'private_key_jwt' };
      expect(await faultsOf({ ...OAUTH2, client_kwargs })).toEqual([
        'dev.private_keys: missing; private_key_jwt needs one',
      ]);
      expect(await faultsOf({ ...OAUTH2, require_signed_request_object: true })).toEqual([
        'dev.private_keys: missing; require_signed_request_object needs one',
      ]);
    });
  });

  it.each(['HS256', 'none', 'RS1', ''])(
    'reports the signature algorithm "%s" for id_token_signed_response_alg',
    async (alg) => {
      expect(await faultsOf({ ...OAUTH2, id_token_signed_response_alg: alg })).toEqual([
        expect.stringMatching(
          /^dev\.id_token_signed_response_alg: expected an algorithm of signatures by private keys/,
        ),
      ]);
    },
  );

  it.each(['no URI', 'https://a.test/#part', ['https://a.test', 7]])(
    'reports a resource that is not an absolute URI: %j',
    async (resource) => {
      expect(await faultsOf({ ...OAUTH2, resource })).toEqual([
        expect.stringMatching(/^dev\.resource: expected an absolute URI/),
      ]);
    },
  );

  it('reports missing endpoints if metadata are not discovered', async () => {
    const issuer = 'https://provider.test';
    const ownKeys = { jwks_uri: `${issuer}/jwks`, allow_issuer_impersonation: true };
    expect(await faultsOf({ client_id: 'dev', issuer, ...ownKeys })).toEqual([
      'dev.authorize_url: missing; give it, or issuer, or server_metadata_url',
      'dev.access_token_url: missing; give it, or issuer, or server_metadata_url',
    ]);
    expect(await faultsOf({ client_id: 'dev', grant_type: 'client_credentials' })).toEqual([
      'dev.access_token_url: missing; give it, or issuer, or server_metadata_url',
    ]);
  });

  it('reports an unknown token_endpoint_auth_method', async () => {
    expect(await faultsOf({ ...OAUTH2, client_kwargs: { token_endpoint_auth_method: 'client_secret_magic' } })).toEqual(
      [
        'dev.client_kwargs.token_endpoint_auth_method: unknown; there are client_secret_basic, client_secret_post, ' +
          'client_secret_jwt, private_key_jwt, tls_client_auth, self_signed_tls_client_auth, none',
      ],
    );
  });

  it.each(['client_secret_basic', 'client_secret_post'])(
    'reports %s without a secret',
    async (token_endpoint_auth_method) => {
      for (const client_secret of [undefined, null, '']) {
        expect(await faultsOf({ ...OAUTH2, client_secret, client_kwargs: { token_endpoint_auth_method } })).toEqual([
          `dev.client_secret: missing; ${token_endpoint_auth_method} needs it${unset('DEV_CLIENT_SECRET')}`,
        ]);
      }
    },
  );

  it('reports a complianceFix that throws, without the message of its error', async () => {
    for (const settings of [OAUTH1, OAUTH2]) {
      const complianceFix = (): never => {
        throw new Error(MARKER);
      };
      expect(await faultsOf({ ...settings, complianceFix })).toEqual([
        'dev.compliance_fix: threw an error when it was called',
      ]);
    }
  });

  it('reports an unknown compliance hook', async () => {
    const complianceFix = (session: ComplianceSession): void =>
      session.registerComplianceHook('access_token_respons' as never, (subject: never) => subject);
    const [fault] = await faultsOf({ ...OAUTH2, complianceFix });
    expect(fault).toMatch(
      /^dev\.compliance_fix: there is no compliance hook "access_token_respons"; there are access_token_response, /,
    );
  });

  it.each([
    ['signature_method', OAUTH1, (session: ComplianceSession) => session.registerSignatureMethod('MINE', () => '')],
    [
      'token_endpoint_auth_method',
      OAUTH2,
      (session: ComplianceSession) => session.registerClientAuthMethod('MINE', (request) => request),
    ],
  ])('accepts a custom %s only if complianceFix registers it', async (key, settings, complianceFix) => {
    const dev = { ...settings, client_secret: null, client_kwargs: { [key]: 'MINE' } };
    expect((await registryWith({ settings: { [KEY]: { dev: { ...dev, complianceFix } } } })).has('dev')).toBe(true);
    const [fault] = await faultsOf({ ...dev, complianceFix: (session: ComplianceSession) => session });
    expect(fault).toContain(`dev.client_kwargs.${key}: unknown`);
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('reports the client name %s', async (name) => {
    const clients = JSON.parse(`{"${name}":${JSON.stringify(OAUTH2)}}`) as object;
    expect((await startUpError({ options: { clients } })).faults).toEqual([
      `${name}: not allowed as a client name, because it is a built-in property of every JavaScript object. Rename the client`,
    ]);
  });

  it('reports the client names __proto__ and constructor and an empty name in JSON', async () => {
    const stored = JSON.stringify(OAUTH2);
    const text = `{"__proto__":${stored},"constructor":${stored},"":${stored}}`;
    expect((await startUpError({ settings: { [KEY]: text } })).faults).toEqual([
      '__proto__: not allowed as a client name, because it is a built-in property of every JavaScript object. Rename the client',
      'constructor: not allowed as a client name, because it is a built-in property of every JavaScript object. Rename the client',
      'a client has an empty name',
    ]);
  });

  it('reports the key constructor and ignores __proto__ in JSON, without changing a prototype', async () => {
    const hostile = `"__proto__":{"client_id":"${MARKER}"},"constructor":"${MARKER}"`;
    const text = `{"dev":{${hostile},"client_kwargs":{${hostile}},"authorize_params":{"__proto__":{"a":"${MARKER}"}}}}`;
    const { faults } = await startUpError({ settings: { [KEY]: text } });
    expect(faults).toContain(`dev.client_id: missing${unset('DEV_CLIENT_ID')}`);
    expect(faults).toContainEqual(expect.stringMatching(/^dev\.constructor: unknown key/));
    expect(({} as { client_id?: string }).client_id).toBeUndefined();
  });
});

describe('the check of settings that cannot be read', () => {
  const environment = { ...process.env };

  afterEach(() => {
    process.env = { ...environment };
  });

  it.each([
    ['a JSON array', `["${MARKER}"]`],
    ['a JSON string', `"${MARKER}"`],
    ['null in JSON', 'null'],
  ])('reports %s in the environment variable, without its value', async (_, text) => {
    process.env[KEY] = text;
    const { faults } = await startUpError({});
    expect(faults).toEqual([`${KEY}: expected an object of clients by name, or a JSON string of one`]);
  });

  it.each([
    ['cut off', `{"dev": {"client_secret": "${MARKER}"`, 'at its end: something is not closed'],
    ['empty', '', 'at once: it is empty'],
    ['not JSON', `client_secret=${MARKER}`, 'at line 1, column 1'],
    ['a trailing comma', `{\n  "dev": {\n    "client_id": "${MARKER}",\n  }\n}`, 'at line 4, column 3'],
    ['single quotes', `{'dev': {}}`, 'at line 1, column 2'],
    ['a missing comma', `{"a": {} "b": "${MARKER}"}`, 'at line 1, column 10'],
    ['a line break in a string', `{"a": "${MARKER}\n"}`, 'at line 1, column 7'],
    ['text after the object', `{"a": {}} ${MARKER}`, 'at line 1, column 11'],
  ])('reports the position of a JSON syntax error (%s)', async (_, text, where) => {
    process.env[KEY] = text;
    const { faults } = await startUpError({});
    expect(faults).toEqual([
      `${KEY}: expected an object of clients by name, or a JSON string of one. The string is not JSON: it breaks off ${where}. ` +
        'In a .env file, put it on one line, between single quotes',
    ]);
  });

  it.each([[[MARKER]], [5], [true]])('reports settings that are %j', async (value) => {
    const { faults } = await startUpError({ settings: { [KEY]: value } });
    expect(faults).toEqual([`${KEY}: expected an object of clients by name, or a JSON string of one`]);
  });

  it('reports the name of each client whose settings are not an object', async () => {
    const { faults } = await startUpError({ settings: { [KEY]: { a: MARKER, b: [MARKER], c: OAUTH2, d: null } } });
    expect(faults).toEqual(['a', 'b', 'd'].map((name) => `${KEY}.${name}: expected an object of settings`));
  });

  it.each([[null], [MARKER], [5], [[MARKER]]])('reports a client in code that is %j', async (value) => {
    const { faults } = await startUpError({ options: { clients: { dev: value } } });
    expect(faults).toEqual(['dev: expected an object of settings']);
  });

  it.each([[null], [MARKER], [5], [[OAUTH2]]])('reports clients in code that are %j', async (clients) => {
    const { faults } = await startUpError({ options: { clients } });
    expect(faults).toEqual(['clients: expected an object of clients by name']);
  });

  it('reports the configured config key', async () => {
    const { faults } = await startUpError({ settings: { mine: 5 }, options: { configKey: 'mine' } });
    expect(faults).toEqual(['mine: expected an object of clients by name, or a JSON string of one']);
  });
});

describe('start-up', () => {
  it('reports every fault of every client in one error, including clients of features and of settings', async () => {
    const options = {
      clients: {
        one: { ...OAUTH2, client_idd: MARKER, api_base_url: MARKER, client_kwargs: { leeway: MARKER } },
        good: OAUTH2,
        both: OAUTH2,
      },
    };
    const settings = {
      two: { client_secret: MARKER, request_token_url: MARKER },
      three: { ...OAUTH1, rsa_key: MARKER },
    };
    const feature = { four: { client_id: 'dev' }, both: OAUTH2 };
    const { ConfigModule } = await import('@nestjs/config');
    const error: unknown = await Test.createTestingModule({
      imports: [
        ConfigModule.forRoot({ isGlobal: true, ignoreEnvFile: true, load: [() => ({ [KEY]: settings })] }),
        OAuthClientModule.forFeature(feature as never),
        OAuthClientModule.forRoot(options as never),
      ],
    })
      .compile()
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(OAuthConfigError);
    const { faults, message, error: code } = error as OAuthConfigError;
    expect([...faults].sort()).toEqual([
      'both: registered twice',
      'four.access_token_url: missing; give it, or issuer, or server_metadata_url',
      'four.authorize_url: missing; give it, or issuer, or server_metadata_url',
      'one.api_base_url: expected an absolute http or https URL',
      'one.client_idd: unknown key; did you mean client_id?',
      'one.client_kwargs.leeway: expected a number of seconds',
      'three.rsa_key: belongs in client_kwargs',
      'two.access_token_url: missing',
      'two.authorize_url: missing',
      `two.client_id: missing${unset('TWO_CLIENT_ID')}`,
      'two.request_token_url: expected an absolute http or https URL',
    ]);
    expect(code).toBe('invalid_configuration');
    for (const fault of faults) expect(message).toContain(`\n  - ${fault}`);
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(MARKER);
  });

  it('does not show a secret of a client that has a fault', async () => {
    const secret = {
      client_secret: MARKER,
      clientSecrett: MARKER,
      client_secrets: [MARKER],
      access_token_params: { client_secret: { [MARKER]: MARKER } },
      authorize_params: { assertion: [MARKER] },
      refresh_token_params: { password: { a: MARKER } },
      api_base_url: `https://user:${MARKER}@`,
      fetch_token: MARKER,
      access_token: MARKER,
    };
    const two = { ...OAUTH2, ...secret, client_kwargs: { scope: { a: MARKER }, rsa_key: MARKER, secret: MARKER } };
    const one = { ...OAUTH1, ...secret, client_kwargs: { rsa_key: MARKER, signature_method: MARKER, rsa: MARKER } };
    expect((await startUpError({ settings: { [KEY]: { two, one } } })).faults.length).toBeGreaterThan(12);
    const kwargs = { rsa_key: MARKER, signature_method: MARKER };
    await startUpError({ options: { clients: { dev: { ...OAUTH1, client_kwargs: kwargs } } } });
  });

  it('refuses a baseUrl that is not an http or https URL', async () => {
    for (const baseUrl of ['client.test', '/', `ftp://${MARKER}/`, 5, null]) {
      expect((await startUpError({ options: { baseUrl } })).faults).toEqual([
        'baseUrl: expected an http or https URL without a path; put the path into the redirect URIs',
      ]);
    }
  });
});

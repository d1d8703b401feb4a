import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { OAuthConfigError } from 'nestjs-oauth-client';
import { registryWith } from './registry-with.js';

const PEM = pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
const NO_KEY = 'expected the path of a file with a private key in PEM';

function pem(key: ReturnType<typeof generateKeyPairSync>['privateKey']): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

const CLIENT = {
  clientId: 'com.example.web',
  authorizeUrl: 'https://apple.test/authorize',
  accessTokenUrl: 'https://apple.test/token',
};
const SECRET = { teamId: 'TEAM123456', keyId: 'KEY1234567', audience: 'https://apple.test' };

let folder = '';
const fileWith = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'keys-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Returns the faults of start-up, none of which contains the path or the content of a key. */
async function faultsOf(secret: object, settings: object = {}): Promise<readonly string[]> {
  const apple = { ...CLIENT, ...settings, client_secret_jwt: secret };
  const error: unknown = await registryWith({ settings: { AUTHLIB_OAUTH_CLIENTS: { apple } } }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof OAuthConfigError)) return [];
  const printed = inspect(error, { depth: 20, showHidden: true });
  expect(printed).not.toContain(folder);
  expect(printed).not.toMatch(/BEGIN|MIG|content/);
  return error.faults;
}

const fault = (key: string, text: string): string[] => [`apple.client_secret_jwt.${key}: ${text}`];

describe('client_secret_jwt', () => {
  it('accepts a key in PEM, in both cases and in both formats', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const sec1 = privateKey.export({ type: 'sec1', format: 'pem' }).toString();
    expect(await faultsOf({ ...SECRET, privateKey: PEM })).toEqual([]);
    expect(await faultsOf({ ...SECRET, private_key: sec1 })).toEqual([]);
    expect(await faultsOf({ ...SECRET, private_key: PEM.replaceAll('\n', '\\n') })).toEqual([]);
    expect(await faultsOf({ ...SECRET, private_key: PEM.replaceAll('\n', '\\r\\n') })).toEqual([]);
  });

  it('accepts a file with a key', async () => {
    expect(await faultsOf({ ...SECRET, private_key_file: fileWith('key.p8', PEM) })).toEqual([]);
  });

  const keys: [what: string, key: string][] = [
    ['text', 'content'],
    ['an empty string', ''],
    ['an RSA key', pem(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey)],
    ['a P-384 key', pem(generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey)],
    ['a secp256k1 key', pem(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey)],
    ['an Ed25519 key', pem(generateKeyPairSync('ed25519').privateKey)],
    [
      'a public key',
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    ],
    ['half a key', PEM.slice(0, 100)],
  ];

  it.each(keys)('refuses %s as the key', async (_, key) => {
    const faults = await faultsOf({ ...SECRET, privateKey: key });
    expect(faults).toEqual(fault('private_key', 'not an EC P-256 private key in PEM'));
  });

  it.each(keys)('refuses a file with %s', async (_, key) => {
    const faults = await faultsOf({ ...SECRET, privateKeyFile: fileWith('wrong.p8', key) });
    expect(faults).toEqual(fault('private_key_file', 'the file is not an EC P-256 private key in PEM'));
  });

  it('refuses a file that is missing, is a folder, is a device, or is too large', async () => {
    mkdirSync(join(folder, 'folder'), { recursive: true });
    const large = fileWith('large.p8', PEM + ' '.repeat(70_000));
    for (const path of [join(folder, 'missing'), join(folder, 'folder'), '/dev/zero', large, '', '\0']) {
      const faults = await faultsOf({ ...SECRET, privateKeyFile: path });
      expect(faults).toEqual(fault('private_key_file', `cannot be read; ${NO_KEY}`));
    }
  });

  it('requires exactly one key', async () => {
    expect(await faultsOf(SECRET)).toEqual(fault('private_key', 'missing; give it, or private_key_file'));
    expect(await faultsOf({ ...SECRET, privateKey: PEM, privateKeyFile: fileWith('key.p8', PEM) })).toEqual(
      fault('private_key_file', 'contradicts private_key; give one of them'),
    );
  });

  it.each(['teamId', 'keyId', 'audience'])('requires %s', async (key) => {
    const faults = await faultsOf({ ...SECRET, privateKey: PEM, [key]: undefined });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(/^apple\.client_secret_jwt\.(team_id|key_id|audience): missing; expected a string$/);
  });

  it('refuses a client secret beside it', async () => {
    expect(await faultsOf({ ...SECRET, privateKey: PEM }, { client_secret: 'secret' })).toEqual([
      'apple.client_secret: contradicts client_secret_jwt, which replaces it. Remove one',
    ]);
  });

  it.each(['none', 'client_secret_jwt', 'private_key_jwt', 'tls_client_auth'])(
    'refuses the authentication method %s, which does not send a secret',
    async (method) => {
      const faults = await faultsOf(
        { ...SECRET, privateKey: PEM },
        { client_kwargs: { token_endpoint_auth_method: method } },
      );
      expect(faults.join('\n')).toMatch(
        /token_endpoint_auth_method: does not send a client secret; client_secret_jwt requires/,
      );
    },
  );

  it('allows PKCE to be turned off, because the client authenticates', async () => {
    expect(await faultsOf({ ...SECRET, privateKey: PEM }, { code_challenge_method: 'none' })).toEqual([]);
  });

  it('file oracle: a client that is registered at run time does not learn whether a key file exists', async () => {
    const registry = await registryWith({});
    const faultsAt = (privateKeyFile: unknown): readonly string[] => {
      try {
        registry.register('apple', { ...CLIENT, clientSecretJwt: { ...SECRET, privateKeyFile } } as never);
        return [];
      } catch (error) {
        return (error as OAuthConfigError).faults;
      }
    };
    const refused = fault(
      'private_key_file',
      'not allowed for a client that is registered at run time; give private_key',
    );
    const paths = [
      fileWith('key.p8', PEM),
      fileWith('other', 'content'),
      join(folder, 'missing'),
      '/etc/passwd',
      '/dev/zero',
      '',
    ];
    const faults = paths.map(faultsAt);
    expect(faults[0]).toEqual(expect.arrayContaining(refused));
    for (const other of faults.slice(1, -1)) expect(other).toEqual(faults[0]);
    expect(faults.at(-1)).toEqual(expect.arrayContaining(refused));
  });

  it('accepts the key itself from a client that is registered at run time', async () => {
    const registry = await registryWith({});
    registry.register('apple', { ...CLIENT, clientSecretJwt: { ...SECRET, privateKey: PEM } });
    expect(registry.has('apple')).toBe(true);
  });
});

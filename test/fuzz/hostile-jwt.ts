import fc from 'fast-check';
import { createHmac, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { editedJson, editsOf, type Edit } from './json-edits.js';
import { SECRETS } from './secrets.js';

/** The signer of a JWT: the provider or an attacker. */
const SIGNERS = ['provider', 'stranger', 'nobody', 'public key as secret', 'client secret', 'garbage'] as const;

/** Changes to a valid JWT. */
export interface JwtEdits {
  signer?: (typeof SIGNERS)[number];
  claims?: Edit[];
  header?: Edit[];
  /** How the serialized JWT is damaged. */
  damage?: 'jwe' | 'two parts' | 'no payload' | 'padding' | 'not base64' | 'nested';
}

export const CLAIMS = [
  'iss',
  'aud',
  'sub',
  'exp',
  'iat',
  'nonce',
  'acr',
  'auth_time',
  'at_hash',
  'c_hash',
  's_hash',
  'azp',
];
const HEADERS = ['alg', 'kid', 'typ', 'crit', 'jwk', 'jku', 'b64', 'zip', 'cty', 'enc'];

/** Generates changes to a JWT with these claims. */
export function jwtEdits(claims: readonly string[] = CLAIMS): fc.Arbitrary<JwtEdits> {
  return fc.oneof(
    { weight: 6, arbitrary: fc.record({ claims: editsOf(claims) }) },
    { weight: 2, arbitrary: fc.record({ signer: fc.constantFrom(...SIGNERS), claims: editsOf(claims) }) },
    { weight: 1, arbitrary: fc.record({ signer: fc.constantFrom(...SIGNERS) }) },
    { weight: 2, arbitrary: fc.record({ header: editsOf(HEADERS) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        damage: fc.constantFrom('jwe', 'two parts', 'no payload', 'padding', 'not base64', 'nested'),
      }),
    },
  );
}

const KID = 'provider-key';
const PROVIDER_KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const STRANGERS_KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const PUBLIC_PEM = createPublicKey(PROVIDER_KEY).export({ type: 'spki', format: 'pem' });

/** The provider's public key. */
export const PROVIDER_JWK = {
  ...createPublicKey(PROVIDER_KEY).export({ format: 'jwk' }),
  kid: KID,
  alg: 'ES256',
  use: 'sig',
};

/** Applies the changes to valid claims, and signs them. */
export function jwtOf(valid: object, edits: JwtEdits = {}, typ = 'JWT'): string {
  const { signer = 'provider', damage } = edits;
  const alg =
    { nobody: 'none', 'public key as secret': 'HS256', 'client secret': 'HS256' }[signer as string] ?? 'ES256';
  const header = encode(editedJson({ alg, kid: KID, typ }, edits.header));
  const payload = encode(editedJson(valid, edits.claims));
  const input = `${header}.${payload}`;
  const jwt = `${input}.${signature(signer, input)}`;
  switch (damage) {
    case 'jwe':
      return `${encode('{"alg":"RSA-OAEP-256","enc":"A256GCM"}')}.${payload}.AAAA.${payload}.AAAA`;
    case 'two parts':
      return input;
    case 'no payload':
      return `${header}..${signature(signer, input)}`;
    case 'padding':
      return `${jwt}==`;
    case 'not base64':
      return `${header}.%%${payload}é.x`;
    case 'nested':
      return `${header}.${encode(JSON.stringify(jwt))}.x`;
    default:
      return jwt;
  }
}

function signature(signer: NonNullable<JwtEdits['signer']>, input: string): string {
  switch (signer) {
    case 'provider':
      return es256(PROVIDER_KEY, input);
    case 'stranger':
      return es256(STRANGERS_KEY, input);
    case 'public key as secret':
      return createHmac('sha256', PUBLIC_PEM).update(input).digest('base64url');
    case 'client secret':
      return createHmac('sha256', SECRETS.client).update(input).digest('base64url');
    case 'nobody':
      return '';
    case 'garbage':
      return 'AAAA';
  }
}

function es256(key: KeyObject, input: string): string {
  return sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url');
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64url');
}

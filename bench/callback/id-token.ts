import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { CLIENT } from './client.js';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const HEADER = { alg: 'RS256', typ: 'JWT', kid: 'a-key' };

/** The provider's keys (RFC 7517). */
export const JWKS = {
  keys: [{ ...publicKey.export({ format: 'jwk' }), kid: HEADER.kid, alg: HEADER.alg, use: 'sig' }],
};

/** Returns a signed id_token for one login (OpenID Connect Core §2). */
export function signIdToken(iss: string, nonce: string, accessToken: string): string {
  const iat = Math.floor(Date.now() / 1000);
  const claims = {
    iss,
    sub: '4711',
    aud: CLIENT.id,
    iat,
    exp: iat + 3600,
    nonce,
    at_hash: createHash('sha256').update(accessToken).digest().subarray(0, 16).toString('base64url'),
    name: 'The Octocat',
    email: 'octocat@provider.example',
  };
  const input = `${encoded(HEADER)}.${encoded(claims)}`;
  return `${input}.${sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`;
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

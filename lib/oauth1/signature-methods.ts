import { createHmac, sign } from 'node:crypto';
import type { SignatureKeys, SignatureMethod } from '../config/compliance-fix.js';
import { OAuthConfigError } from '../oauth.errors.js';
import { percentEncode } from './percent-encoding.js';

const BUILT_IN: ReadonlyMap<string, SignatureMethod> = new Map([
  ['HMAC-SHA1', hmac('sha1')],
  ['HMAC-SHA256', hmac('sha256')],
  ['RSA-SHA1', rsa('sha1')],
  ['RSA-SHA256', rsa('sha256')],
  ['PLAINTEXT', plaintext],
]);

/**
 * The signature method of that name.
 *
 * @param own a client's own methods; one that has a built-in name replaces the built-in, for that client alone
 */
export function findSignatureMethod(
  name: string,
  own?: ReadonlyMap<string, SignatureMethod>,
): SignatureMethod | undefined {
  return own?.get(name) ?? BUILT_IN.get(name);
}

/** HMAC-SHA1 (RFC 5849 §3.4.2), and the same with SHA-256. */
function hmac(hash: string): SignatureMethod {
  return (baseString, keys) => createHmac(hash, sharedSecrets(keys)).update(baseString).digest('base64');
}

/** RSA-SHA1, that is RSASSA-PKCS1-v1_5 (RFC 5849 §3.4.3), and the same with SHA-256. */
function rsa(hash: string): SignatureMethod {
  return (baseString, { rsaKey }) => {
    if (rsaKey?.asymmetricKeyType !== 'rsa') {
      throw new OAuthConfigError(['rsa_key: the RSA signature methods sign with an RSA private key']);
    }
    return sign(hash, Buffer.from(baseString), rsaKey).toString('base64');
  };
}

/** PLAINTEXT (RFC 5849 §3.4.4): the secrets themselves, for TLS to keep. */
function plaintext(_baseString: string, keys: SignatureKeys): string {
  return sharedSecrets(keys);
}

/** Both secrets, with `&` between them even when one is empty (RFC 5849 §3.4.2). */
function sharedSecrets({ clientSecret, tokenSecret }: SignatureKeys): string {
  return `${percentEncode(clientSecret)}&${percentEncode(tokenSecret)}`;
}

import { createHmac, sign, type KeyObject } from 'node:crypto';
import { OAuthConfigError } from '../errors/oauth.errors.js';
import { percentEncode } from './percent-encoding.js';

/** What an OAuth 1 signature is made with (RFC 5849 §3.4). */
export interface SignatureKeys {
  clientSecret: string;
  tokenSecret: string;
  rsaKey?: KeyObject;
}

/** An OAuth 1 signature method: from the signature base string (RFC 5849 §3.4.1) to `oauth_signature`. */
export type SignatureMethod = (baseString: string, keys: SignatureKeys) => string;

interface BuiltInMethod {
  readonly sign: SignatureMethod;
  /** Whether it signs with an RSA private key, rather than with the secrets. */
  readonly needsRsaKey: boolean;
}

/** Every built-in signature method (RFC 5849 §3.4), by its `oauth_signature_method`. */
export const SIGNATURE_METHODS = {
  'HMAC-SHA1': hmac('sha1'),
  'HMAC-SHA256': hmac('sha256'),
  'RSA-SHA1': rsa('sha1'),
  'RSA-SHA256': rsa('sha256'),
  PLAINTEXT: { sign: (_, keys) => sharedSecrets(keys), needsRsaKey: false }, // §3.4.4: TLS protects the secrets
} as const satisfies Record<string, BuiltInMethod>;

export type SignatureMethodName = keyof typeof SIGNATURE_METHODS;

export function isSignatureMethod(name: unknown): name is SignatureMethodName {
  return typeof name === 'string' && Object.hasOwn(SIGNATURE_METHODS, name);
}

/**
 * Returns the signature method of that name, or undefined for an unknown name.
 * @param custom a client's custom methods; one that has a built-in name replaces the built-in, for that client alone
 */
export function findSignatureMethod(
  name: string,
  custom?: ReadonlyMap<string, SignatureMethod>,
): SignatureMethod | undefined {
  return custom?.get(name) ?? (isSignatureMethod(name) ? SIGNATURE_METHODS[name].sign : undefined);
}

/** HMAC-SHA1 (RFC 5849 §3.4.2), and the same with SHA-256. */
function hmac(hash: string): BuiltInMethod {
  return {
    sign: (baseString, keys) => createHmac(hash, sharedSecrets(keys)).update(baseString).digest('base64'),
    needsRsaKey: false,
  };
}

/** RSA-SHA1, that is RSASSA-PKCS1-v1_5 (RFC 5849 §3.4.3), and the same with SHA-256. */
function rsa(hash: string): BuiltInMethod {
  return {
    sign: (baseString, { rsaKey }) => {
      if (rsaKey?.asymmetricKeyType !== 'rsa') {
        throw new OAuthConfigError(['rsa_key: the RSA signature methods sign with an RSA private key']);
      }
      return sign(hash, Buffer.from(baseString), rsaKey).toString('base64');
    },
    needsRsaKey: true,
  };
}

/** Both secrets, with `&` between them even when one is empty (RFC 5849 §3.4.2). */
function sharedSecrets({ clientSecret, tokenSecret }: SignatureKeys): string {
  return `${percentEncode(clientSecret)}&${percentEncode(tokenSecret)}`;
}

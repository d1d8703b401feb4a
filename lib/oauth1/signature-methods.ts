import { createHmac, sign, type KeyObject } from 'node:crypto';
import { OAuthConfigError } from '../errors/oauth.errors.js';
import { percentEncode } from '../common/percent-encode.js';

/** Secrets and keys for an OAuth 1 signature (RFC 5849 §3.4). */
export interface SignatureKeys {
  clientSecret: string;
  tokenSecret: string;
  rsaKey?: KeyObject;
}

/** An OAuth 1 signature method. Returns the `oauth_signature` for a signature base string (RFC 5849 §3.4.1). */
export type SignatureMethod = (baseString: string, keys: SignatureKeys) => string;

interface BuiltInMethod {
  readonly sign: SignatureMethod;
  /** Whether the method signs with an RSA private key instead of the secrets. */
  readonly needsRsaKey: boolean;
}

/** The built-in signature methods (RFC 5849 §3.4), by `oauth_signature_method`. */
export const SIGNATURE_METHODS = {
  'HMAC-SHA1': hmac('sha1'),
  'HMAC-SHA256': hmac('sha256'),
  'RSA-SHA1': rsa('sha1'),
  'RSA-SHA256': rsa('sha256'),
  PLAINTEXT: { sign: (_, keys) => sharedSecrets(keys), needsRsaKey: false }, // §3.4.4; only TLS protects the secrets
} as const satisfies Record<string, BuiltInMethod>;

export type SignatureMethodName = keyof typeof SIGNATURE_METHODS;

export function isSignatureMethod(name: unknown): name is SignatureMethodName {
  return typeof name === 'string' && Object.hasOwn(SIGNATURE_METHODS, name);
}

/**
 * Returns the signature method with this name, or undefined if the name is unknown.
 * @param custom the client's custom methods; a custom method replaces the built-in method with its name, for this client only
 */
export function findSignatureMethod(
  name: string,
  custom?: ReadonlyMap<string, SignatureMethod>,
): SignatureMethod | undefined {
  return custom?.get(name) ?? (isSignatureMethod(name) ? SIGNATURE_METHODS[name].sign : undefined);
}

/** HMAC-SHA1 (RFC 5849 §3.4.2), or HMAC-SHA256. */
function hmac(hash: string): BuiltInMethod {
  return {
    sign: (baseString, keys) => createHmac(hash, sharedSecrets(keys)).update(baseString).digest('base64'),
    needsRsaKey: false,
  };
}

/** RSA-SHA1 (RFC 5849 §3.4.3), or RSA-SHA256. Both are RSASSA-PKCS1-v1_5. */
function rsa(hash: string): BuiltInMethod {
  return {
    sign: (baseString, { rsaKey }) => {
      if (rsaKey?.asymmetricKeyType !== 'rsa') {
        throw new OAuthConfigError([
          'rsa_key: missing or not an RSA key; the RSA signature methods sign with an RSA private key. Set client_kwargs.rsa_key',
        ]);
      }
      return sign(hash, Buffer.from(baseString), rsaKey).toString('base64');
    },
    needsRsaKey: true,
  };
}

/** Joins both secrets with `&`, even when one of them is empty (RFC 5849 §3.4.2). */
function sharedSecrets({ clientSecret, tokenSecret }: SignatureKeys): string {
  return `${percentEncode(clientSecret)}&${percentEncode(tokenSecret)}`;
}

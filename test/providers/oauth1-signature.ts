import { createHash, createHmac, createPublicKey, verify } from 'node:crypto';
import OAuth from 'oauth-1.0a';
import type { Parameters } from './oauth1-parameters.js';

/** A received request with its signature. */
export interface SignedRequest {
  method: string;
  /** The URL without the query. */
  url: string;
  /** The parameters of the header, the query and the form. */
  parameters: Parameters;
}

/** The secrets and keys that may sign a request. */
export interface SigningSecrets {
  consumerKey: string;
  consumerSecret: string;
  tokenSecret: string;
  /** The public key in PEM. */
  rsaPublicKey?: string;
}

/** Checks a signature with another implementation than the library: the package `oauth-1.0a`. */
export function isSignatureValid(
  request: SignedRequest,
  method: string,
  signature: string,
  secrets: SigningSecrets,
): boolean {
  switch (method) {
    case 'PLAINTEXT':
      return signature === signer(secrets).getSigningKey(secrets.tokenSecret);
    case 'HMAC-SHA1':
    case 'HMAC-SHA256': {
      const key = signer(secrets).getSigningKey(secrets.tokenSecret);
      const hash = method === 'HMAC-SHA1' ? 'sha1' : 'sha256';
      return signature === createHmac(hash, key).update(baseString(request, secrets)).digest('base64');
    }
    case 'RSA-SHA1':
    case 'RSA-SHA256': {
      if (!secrets.rsaPublicKey) return false;
      const hash = method === 'RSA-SHA1' ? 'sha1' : 'sha256';
      const key = createPublicKey(secrets.rsaPublicKey);
      const bytes = Buffer.from(signature, 'base64');
      const isBase64 = bytes.toString('base64') === signature; // Buffer also accepts base64url and invalid characters
      return isBase64 && verify(hash, Buffer.from(baseString(request, secrets)), key, bytes);
    }
    default:
      return false;
  }
}

/** Returns the `oauth_body_hash`, with the hash of the signature method. */
export function bodyHash(body: Buffer, method: string): string {
  return createHash(method.endsWith('SHA256') ? 'sha256' : 'sha1')
    .update(body)
    .digest('base64');
}

/**
 * Passes all parameters as data: the package reads `+` in a query as a plus, and drops parameters that are in the query and
 * in the form. It also drops a parameter named `__proto__`, so the signature of such a request is never valid here.
 */
function baseString({ method, url, parameters }: SignedRequest, secrets: SigningSecrets): string {
  const data = Object.create(null) as Record<string, string | string[]>; // `constructor` is an ordinary name
  for (const [name, value] of parameters) {
    if (name === 'oauth_signature') continue;
    const present = data[name];
    data[name] = present === undefined ? value : [present, value].flat();
  }
  return signer(secrets).getBaseString({ method, url, data }, {} as OAuth.Data);
}

function signer({ consumerKey, consumerSecret }: SigningSecrets): OAuth {
  return new OAuth({ consumer: { key: consumerKey, secret: consumerSecret } });
}

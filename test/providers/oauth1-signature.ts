import { createHash, createHmac, createPublicKey, timingSafeEqual, verify } from 'node:crypto';
import OAuth from 'oauth-1.0a';

export type Parameters = readonly (readonly [name: string, value: string])[];

/** A signed request, as it came in. */
export interface SignedRequest {
  method: string;
  /** Scheme, host and path, without the query. */
  url: string;
  /** Every parameter: of the header, the query and the form. */
  parameters: Parameters;
  /** The body, unless it is a form. */
  body?: Buffer;
}

/** What a request may be signed with. */
export interface SigningSecrets {
  consumerKey: string;
  consumerSecret: string;
  tokenSecret: string;
  /** PEM. */
  rsaPublicKey?: string;
}

/** Checks a signature with an implementation that is not the library's own: the package `oauth-1.0a`. */
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
      return equal(
        createHmac(hash, key).update(baseString(request, secrets)).digest(),
        Buffer.from(signature, 'base64'),
      );
    }
    case 'RSA-SHA1':
    case 'RSA-SHA256': {
      if (!secrets.rsaPublicKey) return false;
      const hash = method === 'RSA-SHA1' ? 'sha1' : 'sha256';
      const key = createPublicKey(secrets.rsaPublicKey);
      return verify(hash, Buffer.from(baseString(request, secrets)), key, Buffer.from(signature, 'base64'));
    }
    default:
      return false;
  }
}

/** `oauth_body_hash`, by the hash of the signature method. */
export function bodyHash(body: Buffer, method: string): string {
  return createHash(method.endsWith('SHA256') ? 'sha256' : 'sha1')
    .update(body)
    .digest('base64');
}

/** All parameters go in as data: the package would read `+` in a query as a plus, and lose what query and form share. */
function baseString({ method, url, parameters }: SignedRequest, secrets: SigningSecrets): string {
  const data: Record<string, string | string[]> = {};
  for (const [name, value] of parameters) {
    if (name === 'oauth_signature' || name === 'realm') continue;
    const present = data[name];
    data[name] = present === undefined ? value : [present, value].flat();
  }
  return signer(secrets).getBaseString({ method, url, data }, {} as OAuth.Data);
}

function signer({ consumerKey, consumerSecret }: SigningSecrets): OAuth {
  return new OAuth({ consumer: { key: consumerKey, secret: consumerSecret } });
}

function equal(left: Buffer, right: Buffer): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}

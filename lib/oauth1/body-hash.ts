import { createHash } from 'node:crypto';

/**
 * Value of `oauth_body_hash`, which signs a body that is not a form (draft-eaton-oauth-bodyhash-00 §3.2). The hash
 * function is the signature method's: SHA-256 for those that end in it, else SHA-1.
 */
export function bodyHash(body: string | Uint8Array, signatureMethod: string): string {
  const hash = signatureMethod.endsWith('SHA256') ? 'sha256' : 'sha1';
  return createHash(hash).update(body).digest('base64');
}

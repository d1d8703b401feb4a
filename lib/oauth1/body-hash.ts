import { createHash } from 'node:crypto';

/**
 * Returns the `oauth_body_hash`, which signs a body that is not a form (draft-eaton-oauth-bodyhash-00 §3.2). Uses the hash
 * function of the signature method: SHA-256 if the name of the method ends in `SHA256`, or else SHA-1.
 */
export function bodyHash(body: string | Uint8Array, signatureMethod: string): string {
  const hash = signatureMethod.endsWith('SHA256') ? 'sha256' : 'sha1';
  return createHash(hash).update(body).digest('base64');
}

import { isRecord } from './is-record.js';
import type { Settings } from './setting-keys.js';

/** Minimum length of a key of HS256, in bytes (RFC 7518 §3.2). */
const MIN_BYTES = 32;
const KEY = 'allow_secret_signed_id_token';

/** Returns the faults of a client whose id_tokens are signed with its secret, but whose secret is missing or too easy to guess. */
export function secretSignatureFaults(settings: Settings): string[] {
  const { allowSecretSignedIdToken, clientSecret, clientSecretJwt, clientKwargs, idTokenSignedResponseAlg } = settings;
  if (allowSecretSignedIdToken !== true) return [];
  const method = isRecord(clientKwargs) ? clientKwargs.tokenEndpointAuthMethod : undefined;
  const faults: string[] = [];
  if (idTokenSignedResponseAlg !== undefined) {
    faults.push(`id_token_signed_response_alg: contradicts ${KEY}, which accepts HS256 only. Remove one`);
  }
  if (clientSecretJwt !== undefined) {
    faults.push(`${KEY}: contradicts client_secret_jwt, which is not a shared secret. Remove one`);
  } else if (method === 'none') {
    faults.push(
      `${KEY}: not for a public client, whose secret is known to others; expected a client that authenticates`,
    );
  } else if (typeof clientSecret !== 'string' || Buffer.byteLength(clientSecret) < MIN_BYTES) {
    faults.push(`client_secret: too short; ${KEY} requires at least ${MIN_BYTES} bytes (RFC 7518 §3.2)`);
  }
  return faults;
}

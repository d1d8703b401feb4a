import { createHash } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { IDToken } from 'oauth4webapi';
import { InvalidTokenError } from '../../oauth.errors.js';
import type { OAuth2Token } from '../../token/token.js';
import { isoTime, shown } from '../provider/failed-check.js';
import type { Provider } from '../provider/provider.js';

/**
 * Claims of an id_token whose signature, issuer, audience, times and nonce were checked (OpenID Connect Core §2). The nonce
 * itself is not among them: it stays with the pending login.
 */
export type IdTokenClaims = IDToken;

/** What of a login its id_token is checked against, beyond the nonce. */
export interface IdTokenChecks {
  /** Who must have signed in, where that is known. */
  subject?: string;
  /** `acr_values` that were asked for. */
  acrValues?: string[];
}

/** Seconds that an id_token may have been on its way. */
const MAX_AGE = 3600;

/**
 * The checks of OpenID Connect Core §3.1.3.7 that `oauth4webapi` leaves to its caller, on claims that it let pass.
 * @throws {InvalidTokenError} naming the check
 */
export async function checkIdToken(
  { config, clientKeys }: Provider,
  { accessToken, idToken = '' }: OAuth2Token,
  claims: IDToken,
  { subject, acrValues }: IdTokenChecks = {},
): Promise<IdTokenClaims> {
  const now = Date.now() / 1000;
  if (claims.iat < now - MAX_AGE - config.clockTolerance || claims.iat > now + config.clockTolerance) {
    throw refused(
      `id_token was issued at ${isoTime(claims.iat)} (iat), and it is ${isoTime(Math.floor(now))}: it is not of this login`,
    );
  }
  if (subject !== undefined && claims.sub !== subject) {
    throw refused(`id_token is about ${shown(claims.sub)}, expected ${shown(subject)}`);
  }
  if (acrValues && !(typeof claims.acr === 'string' && acrValues.includes(claims.acr))) {
    throw refused(`id_token has the acr ${shown(claims.acr)}, expected one of ${shown(acrValues)}`);
  }
  if (
    claims.at_hash !== undefined &&
    claims.at_hash !== accessTokenHash(await signed(clientKeys, idToken), accessToken)
  ) {
    throw refused('the at_hash of the id_token is not that of the access token');
  }
  const { nonce: _, ...rest } = claims;
  return rest;
}

/** Who an id_token of ours is about; it was checked when it came. */
export async function subjectOf({ clientKeys }: Provider, idToken: string): Promise<string | undefined> {
  try {
    return decodeJwt(await signed(clientKeys, idToken)).sub;
  } catch {
    return undefined;
  }
}

/** The signed JWT in an id_token, encrypted or not. */
export async function signed(clientKeys: Provider['clientKeys'], idToken: string): Promise<string> {
  return idToken.split('.').length === 5 ? clientKeys.decrypt(idToken) : idToken;
}

/** The left half of the hash that the signature is made with (OpenID Connect Core §3.1.3.6). */
function accessTokenHash(jws: string, accessToken: string): string {
  const { alg = '' } = decodeProtectedHeader(jws);
  const hash = createHash(alg.endsWith('384') ? 'sha384' : alg.endsWith('256') ? 'sha256' : 'sha512');
  const digest = hash.update(accessToken).digest();
  return digest.subarray(0, digest.length / 2).toString('base64url');
}

function refused(description: string): InvalidTokenError {
  return new InvalidTokenError({ description });
}

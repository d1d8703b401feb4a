import { createHash } from 'node:crypto';
import { decodeProtectedHeader } from 'jose/decode/protected_header';
import { decodeJwt } from 'jose/jwt/decode';
import type { IDToken } from 'oauth4webapi';
import { nowInSeconds } from '../../common/now-in-seconds.js';
import { isSignatureAlgorithm, SIGNATURE_ALGORITHMS } from '../../config/signature-algorithms.js';
import { InvalidTokenError } from '../../errors/oauth.errors.js';
import type { OAuth2Token } from '../../token/token.js';
import { clockAdvice, isoTime, refusedResponse, shown, wrongIssuer } from '../provider/failed-check.js';
import type { Provider } from '../provider/provider.js';
import { isEncrypted } from '../wire/jwt.js';
import { RefusedInput } from '../wire/refused-input.js';
import { readClaims } from '../wire/claims.js';

/**
 * Claims of an id_token whose signature, issuer, audience, times and nonce were validated (OpenID Connect Core §2). The nonce is
 * removed: it belongs to the pending login.
 */
export type IdTokenClaims = IDToken;

/** Expected values of an id_token, besides the nonce. */
export interface IdTokenChecks {
  /** The expected `sub`, if it is known. */
  subject?: string;
  /** The expected `iss`, if the provider has several issuers. */
  issuer?: string;
  /** The requested `acr_values`. */
  acrValues?: string[];
}

/** Maximum time since an id_token was issued, in seconds. */
const MAX_AGE_S = 3600;

/**
 * Does the checks of OpenID Connect Core §3.1.3.7 that `oauth4webapi` does not do, on claims that `oauth4webapi` accepted. Returns the
 * claims.
 * @throws {InvalidTokenError} when a check fails; the description names the check
 */
export async function checkIdToken(
  provider: Provider,
  { accessToken, idToken = '' }: OAuth2Token,
  claims: IDToken,
  { subject, issuer, acrValues }: IdTokenChecks = {},
): Promise<IdTokenClaims> {
  const { config, clientKeys } = provider;
  checkTimeOfIssue(claims.iat, config.clockTolerance);
  checkAuthorizedParty(provider, claims);
  if (issuer !== undefined && claims.iss !== issuer) throw refused(wrongIssuer('id_token', claims.iss, issuer));
  if (subject !== undefined && claims.sub !== subject) {
    throw refused(`id_token is about ${shown(claims.sub)}, expected ${shown(subject)}`);
  }
  if (acrValues && !(typeof claims.acr === 'string' && acrValues.includes(claims.acr))) {
    throw refused(`id_token has the acr ${shown(claims.acr)}, expected one of ${shown(acrValues)}`);
  }
  if (
    claims.at_hash !== undefined &&
    claims.at_hash !== accessTokenHash(await unwrapIdToken(clientKeys, idToken), accessToken)
  ) {
    throw refused('the at_hash of the id_token is not that of the access token');
  }
  const { nonce: _, ...rest } = claims;
  return readClaims(rest);
}

function checkTimeOfIssue(iat: number, tolerance: number): void {
  const now = nowInSeconds();
  const issued = `id_token was issued at ${isoTime(iat)} (iat), and it is ${isoTime(now)}`;
  if (iat > now + tolerance) throw refused(`${issued}: ${clockAdvice(iat, now)}`);
  if (iat < now - MAX_AGE_S - tolerance) throw refused(`${issued}: it is not of this login; ${clockAdvice(iat, now)}`);
}

/** Returns the `sub` of an id_token that was validated when it was received. */
export async function subjectOf(provider: Provider, idToken: string): Promise<string | undefined> {
  return (await claimsOf(provider, idToken)).sub;
}

/** Returns the claims of an id_token that was validated when it was received, or an empty object if it cannot be read. */
export async function claimsOf({ clientKeys }: Provider, idToken: string): Promise<Partial<IdTokenClaims>> {
  try {
    return readClaims(decodeJwt<IdTokenClaims>(await unwrapIdToken(clientKeys, idToken)));
  } catch {
    return {};
  }
}

/**
 * Checks that this client requested the id_token, also if it has one audience only (OpenID Connect Core §3.1.3.7).
 * @throws {RefusedInput} when `azp` is another client
 */
export function checkAuthorizedParty({ config }: Provider, { azp }: { azp?: unknown }): void {
  if (azp === undefined || azp === config.clientId) return;
  throw new RefusedInput(`it was asked for by ${shown(azp)} (azp), expected ${shown(config.clientId)}`);
}

/**
 * Returns the signed JWT of an id_token, after decryption if it is encrypted.
 * @throws {InvalidTokenError} when none of the client's keys decrypts it
 */
export async function unwrapIdToken(clientKeys: Provider['clientKeys'], idToken: string): Promise<string> {
  if (!isEncrypted(idToken)) return idToken;
  try {
    return await clientKeys.decrypt(idToken);
  } catch (error) {
    throw refusedResponse(error, 'id_token', [idToken]);
  }
}

/** Returns the `at_hash` of an access token: the left half of the hash for the signature algorithm (OpenID Connect Core §3.1.3.6). */
function accessTokenHash(jws: string, accessToken: string): string | undefined {
  const { alg } = decodeProtectedHeader(jws);
  const hash = alg === 'HS256' ? 'sha256' : isSignatureAlgorithm(alg) ? SIGNATURE_ALGORITHMS[alg].hash : undefined;
  if (hash === undefined) return undefined;
  const digest = createHash(hash, hash === 'shake256' ? { outputLength: 64 } : {})
    .update(accessToken)
    .digest();
  return digest.subarray(0, digest.length / 2).toString('base64url');
}

function refused(description: string): InvalidTokenError {
  return new InvalidTokenError({ description });
}

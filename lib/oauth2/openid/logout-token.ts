import type { JWK, JWTPayload } from 'jose';
import { JWTClaimValidationFailed, JWTExpired } from 'jose/errors';
import { nowInSeconds } from '../../common/now-in-seconds.js';
import { isRecord } from '../../config/is-record.js';
import { isSignatureAlgorithm } from '../../config/signature-algorithms.js';
import { OAuthError } from '../../errors/oauth.errors.js';
import { BoundedMap } from '../../common/bounded-map.js';
import { clockAdvice, failedCheck, isoTime, reasonOf, shown, wrongIssuer } from '../provider/failed-check.js';
import { knowsIssuer, requireEndpoint, type Provider } from '../provider/provider.js';
import { checkJwt } from '../wire/jwt.js';
import { loadJose } from '../wire/load-jose.js';
import { providerOfJwt } from '../provider/jwt-provider.js';

/** The sessions that ended: those of a user (`sub`), one session (`sid`), or a session of a user (both). */
export interface BackchannelLogout {
  iss: string;
  sub?: string;
  /** The `sid` claim of the id_token with which the session began. */
  sid?: string;
}

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const REQUIRED = ['iss', 'aud', 'iat', 'exp', 'jti', 'events'];

/** Maximum time since a logout token was issued, and until it expires, in seconds. */
const MAX_AGE_S = 3600;
/** Maximum length of `jti`, `sub` and `sid`, in characters. */
const MAX_LENGTH = 1024;
/** Maximum number of remembered tokens. */
const MAX_USED = 10_000;

/** Validates logout tokens (OpenID Connect Back-Channel Logout 1.0 §2.6). Each logout token can be used once. */
export class LogoutTokens {
  /** Used tokens by `jti`. They are remembered until no token of that age is accepted. */
  readonly #used = new BoundedMap<true>(MAX_USED, 2 * MAX_AGE_S * 1000);

  /**
   * Validates a logout token and marks it as used. Returns the logout, and `forget()`, which removes the mark if the logout failed.
   * @throws {OAuthError} `invalid_request` when a check fails; the description names the check
   */
  async use(provider: Provider, logoutToken: string): Promise<{ logout: BackchannelLogout; forget: () => void }> {
    if (!knowsIssuer(provider)) throw refused('logout tokens can only be checked where the issuer is known');
    const { iss = '', sub, sid, events, nonce, jti, iat, exp } = await verify(provider, logoutToken);
    checkTimes(iat, exp, provider.config.clockTolerance);
    if (!isRecord(events) || !isRecord(events[EVENT])) {
      throw refused('logout_token: its events have no logout, as an id_token would have none');
    }
    if (nonce !== undefined) throw refused('logout_token has a nonce, as an id_token would');
    if (sub === undefined && sid === undefined) throw refused('logout_token has neither sub nor sid');
    const logout = {
      iss,
      ...(sub !== undefined && { sub: textOf('sub', sub) }),
      ...(sid !== undefined && { sid: textOf('sid', sid) }),
    };
    const id = textOf('jti', jti);
    if (this.#used.get(id)) throw refused('logout_token was used before (jti)');
    this.#used.set(id, true);
    return { logout, forget: () => this.#used.delete(id) };
  }
}

/** Checks the limits of `iat` and `exp`. `jose` already checked that they are numbers, and that the token is not expired. */
function checkTimes(iat = 0, exp = 0, tolerance: number): void {
  const now = nowInSeconds();
  if (iat > now + tolerance) {
    throw refused(
      `logout_token was issued at ${isoTime(iat)} (iat), and it is ${isoTime(now)}: ${clockAdvice(iat, now)}`,
    );
  }
  if (iat < now - MAX_AGE_S - tolerance) {
    throw refused(
      `logout_token was issued at ${isoTime(iat)} (iat), which is more than an hour ago; it is ${isoTime(now)}: ` +
        clockAdvice(iat, now),
    );
  }
  if (exp > now + MAX_AGE_S + tolerance) {
    throw refused(`logout_token is good until ${isoTime(exp)} (exp); expected at most ${MAX_AGE_S} seconds from now`);
  }
}

async function verify(provider: Provider, token: string): Promise<JWTPayload> {
  const { server, client, config, providerKeys } = provider;
  const url = requireEndpoint(provider, 'jwks_uri');
  const { id_token_signed_response_alg: own, client_id: audience } = client;
  const listed = own ? [own] : (server.id_token_signing_alg_values_supported ?? ['RS256']);
  const algorithms = listed.filter(isSignatureAlgorithm); // excludes `none` and HMAC
  let { issuer } = server;
  try {
    checkJwt(token);
    const verifier = await providerOfJwt(provider, token);
    const { jws } = verifier.jwt;
    ({ issuer } = verifier.server);
    const keyOf = async (): Promise<JWK> => providerKeys.keyOf(url, jws, verifier.jwt.issuer);
    const { jwtVerify } = await loadJose();
    const { payload, protectedHeader } = await jwtVerify(jws, keyOf, {
      issuer,
      audience,
      algorithms,
      clockTolerance: config.clockTolerance,
      requiredClaims: REQUIRED,
    });
    checkType(protectedHeader.typ);
    return payload;
  } catch (error) {
    throw error instanceof OAuthError ? error : refused(failedVerification(error, issuer, audience));
  }
}

/** Checks the type: `logout+jwt`, which Back-Channel Logout 1.0 §2.4 recommends, or `jwt`. Any other type is another kind of token. */
function checkType(typ: string | undefined): void {
  const type = typ?.toLowerCase().replace(/^application\//, '');
  if (type !== undefined && type !== 'logout+jwt' && type !== 'jwt')
    throw refused(`logout_token has the type ${shown(typ)}`);
}

function failedVerification(error: unknown, issuer: string, audience: string): string {
  if (!(error instanceof JWTClaimValidationFailed || error instanceof JWTExpired)) {
    return failedCheck(error, 'logout_token');
  }
  const { claim, payload } = error;
  const time = payload[claim];
  if (claim === 'iss') return wrongIssuer('logout_token', payload.iss, issuer);
  if (claim === 'aud') return `logout_token is for ${shown(payload.aud)}, expected ${shown(audience)}`;
  if (claim === 'exp' && typeof time === 'number') return `logout_token expired at ${nowAndClock(time)}`;
  if (claim === 'nbf' && typeof time === 'number') return `logout_token is not good before ${nowAndClock(time)}`;
  return `logout_token: ${reasonOf(error)}`;
}

function nowAndClock(time: number): string {
  const now = nowInSeconds();
  return `${isoTime(time)}, and it is ${isoTime(now)}: ${clockAdvice(time, now)}`;
}

/** Returns a claim that is a string of limited length. `jose` checks only that the claim exists. */
function textOf(name: string, claim: unknown): string {
  if (typeof claim === 'string' && claim !== '' && claim.length <= MAX_LENGTH) return claim;
  throw refused(`logout_token: its ${name} is not a string of 1 to ${MAX_LENGTH} characters`);
}

function refused(description: string): OAuthError {
  return new OAuthError('invalid_request', { description });
}

import { errors, jwtVerify, type JWTPayload } from 'jose';
import { isRecord } from '../../config/setting-keys.js';
import { OAuthError } from '../../oauth.errors.js';
import { isoTime, shown } from '../provider/failed-check.js';
import { knowsIssuer, requireEndpoint, type Provider } from '../provider/provider.js';
import { signed } from './id-token.js';

/** Whose session ended: a user's (`sub`), one session (`sid`), or both. */
export interface BackchannelLogout {
  iss: string;
  sub?: string;
  /** The `sid` claim of the id_token that the session began with. */
  sid?: string;
}

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
/** Everything but `none`, and but what is signed with a secret. */
const ASYMMETRIC = /^(RS|PS|ES)(256|384|512)$|^Ed(DSA|25519)$/;
const REQUIRED = ['iss', 'aud', 'iat', 'exp', 'jti', 'events'];

/** Checks logout tokens (OpenID Connect Back-Channel Logout 1.0 §2.6), each of which is good once. */
export class LogoutTokens {
  /** Those that were used, by `jti`, and until when they would be good, in seconds since 1970. */
  readonly #used = new Map<string, number>();

  /**
   * Checks a logout token and does what it asks for. When that fails, the token may come again.
   * @throws {OAuthError} `invalid_request` naming the check that failed
   */
  async accept(
    provider: Provider,
    logoutToken: string,
    endSession: (logout: BackchannelLogout) => unknown,
  ): Promise<BackchannelLogout> {
    if (!knowsIssuer(provider)) throw refused('logout tokens can only be checked where the issuer is known');
    const claims = await verify(provider, logoutToken);
    const { iss = '', sub, sid, events, nonce, jti = '', exp = 0 } = claims;
    if (!isRecord(events) || !isRecord(events[EVENT])) {
      throw refused('logout_token: its events have no logout, as an id_token would have none');
    }
    if (nonce !== undefined) throw refused('logout_token has a nonce, as an id_token would');
    if (!isText(sub) && !isText(sid)) throw refused('logout_token says neither sub nor sid');
    this.#useOnce(jti, exp + provider.config.clockTolerance);
    const logout = { iss, ...(isText(sub) && { sub }), ...(isText(sid) && { sid }) };
    try {
      await endSession(logout);
    } catch (error) {
      this.#used.delete(jti);
      throw error;
    }
    return logout;
  }

  #useOnce(jti: string, until: number): void {
    const now = Date.now() / 1000;
    for (const [used, end] of this.#used) if (end < now) this.#used.delete(used);
    if (this.#used.has(jti)) throw refused('logout_token was used before (jti)');
    this.#used.set(jti, until);
  }
}

async function verify(provider: Provider, token: string): Promise<JWTPayload> {
  const { server, client, config, clientKeys, providerKeys } = provider;
  const url = requireEndpoint(provider, 'jwks_uri');
  const { id_token_signed_response_alg: own, client_id: audience } = client;
  const algorithms = (own ? [own] : (server.id_token_signing_alg_values_supported ?? ['RS256'])).filter((alg) =>
    ASYMMETRIC.test(alg),
  );
  try {
    const { payload, protectedHeader } = await jwtVerify(await signed(clientKeys, token), providerKeys.getKey(url), {
      issuer: server.issuer,
      audience,
      algorithms,
      clockTolerance: config.clockTolerance,
      requiredClaims: REQUIRED,
    });
    checkType(protectedHeader.typ);
    return payload;
  } catch (error) {
    throw error instanceof OAuthError ? error : refused(failedVerification(error, server.issuer, audience));
  }
}

/** §2.4 recommends the type; another than that, or the general one, is another kind of token. */
function checkType(typ: string | undefined): void {
  const type = typ?.toLowerCase().replace(/^application\//, '');
  if (type !== undefined && type !== 'logout+jwt' && type !== 'jwt')
    throw refused(`logout_token has the type ${shown(typ)}`);
}

function failedVerification(error: unknown, issuer: string, audience: string): string {
  if (!(error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired)) {
    return `logout_token: ${error instanceof Error ? error.message : 'refused'}`;
  }
  const { claim, payload } = error;
  if (claim === 'iss') return `logout_token was issued by ${shown(payload.iss)}, expected ${shown(issuer)}`;
  if (claim === 'aud') return `logout_token is for ${shown(payload.aud)}, expected ${shown(audience)}`;
  if (claim === 'exp' && payload.exp !== undefined) return `logout_token expired at ${isoTime(payload.exp)}`;
  return `logout_token: ${error.message}`;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function refused(description: string): OAuthError {
  return new OAuthError('invalid_request', { description });
}

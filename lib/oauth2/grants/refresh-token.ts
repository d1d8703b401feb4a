import { isTenantTemplate } from '../../config/tenant-issuer.js';
import type { RefreshRequestSettings } from '../../config/wire-settings.js';
import { type OAuthError, UnsupportedTokenTypeError } from '../../errors/oauth.errors.js';
import { logEvent } from '../../common/log.js';
import { errorFields } from '../../observability/error-fields.js';
import { readScope } from '../../token/token-fields.js';
import { refreshedToken } from '../../token/token-response.js';
import type { OAuth2Token } from '../../token/token.js';
import { claimsOf, type IdTokenChecks } from '../openid/id-token.js';
import { withTokenEndpoint, type Provider } from '../provider/provider.js';
import { tokenRequest } from './token-request.js';

/** A token that can be refreshed. */
export type RefreshableToken = OAuth2Token & { refreshToken: string };

/** The result of a refresh. */
export interface Refreshed {
  /** The token to save, also if there is a fault. */
  token: OAuth2Token;
  /** The error with which the call must fail after the token was saved. */
  fault?: OAuthError;
}

/**
 * Exchanges a refresh token for a new token (RFC 6749 §6). Keeps the fields that the response does not replace; see
 * `refreshedToken()`.
 *
 * If the provider rotates refresh tokens, the old one is used up now, so a response with a usable access token is kept even if a
 * check fails. An invalid id_token is logged and dropped. If the token type is not expected, only the refresh token is kept.
 * @throws {InvalidTokenError} when the response has no usable access token, or its id_token is about another user
 */
export async function refreshToken(provider: Provider, old: RefreshableToken): Promise<Refreshed> {
  const { name, refreshTokenUrl, refreshTokenParams, resource, dpopKey } = provider.config;
  const { grantType: sentGrantType, ...format } = refreshRequestOf(provider);
  const user = await userOf(provider, old.idToken);
  const { token, fault, idTokenFault } = await tokenRequest(
    refreshTokenUrl ? withTokenEndpoint(provider, refreshTokenUrl) : provider,
    {
      grantType: 'refresh_token',
      sentGrantType,
      format,
      parameters: { resource: old.resource ?? resource, ...refreshTokenParams, refresh_token: old.refreshToken },
      dpopKey: old.tokenType === 'dpop' ? (old.dpopKey ?? dpopKey) : undefined,
      idToken: user,
      keepsToken: true,
    },
  );
  if (idTokenFault) {
    if (isOther(user, await userOf(provider, token.idToken))) throw idTokenFault;
    logEvent('warn', 'id_token of a refresh ignored', { client: name, ...errorFields(idTokenFault) });
  }
  if (fault instanceof UnsupportedTokenTypeError) {
    return { token: { ...old, refreshToken: token.refreshToken ?? old.refreshToken }, fault };
  }
  const { idToken: _, ...unidentified } = token;
  const scope = readScope(refreshTokenParams.scope) ?? old.scope;
  return { token: refreshedToken({ ...old, scope }, idTokenFault ? unidentified : token), fault };
}

/** Returns the user of an id_token, and the issuer of the user's tenant if the provider has several issuers. */
async function userOf(provider: Provider, idToken: string | undefined): Promise<IdTokenChecks> {
  const { sub: subject, iss } = idToken === undefined ? {} : await claimsOf(provider, idToken);
  return { subject, issuer: isTenantTemplate(provider.server.issuer) ? iss : undefined };
}

/** Returns whether an id_token is about another user than the user who signed in (OpenID Connect Core §12.2). */
function isOther(user: IdTokenChecks, claimed: IdTokenChecks): boolean {
  return (['subject', 'issuer'] as const).some(
    (name) => user[name] !== undefined && claimed[name] !== undefined && user[name] !== claimed[name],
  );
}

/** Returns how a refresh differs from the specification: `refreshRequest`, or else `tokenRequest`. */
function refreshRequestOf({ config: { refreshRequest, tokenRequest: codeRequest } }: Provider): RefreshRequestSettings {
  return refreshRequest ?? codeRequest ?? {};
}

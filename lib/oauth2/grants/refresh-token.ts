import type { AuthorizationServer } from 'oauth4webapi';
import { isTenantTemplate } from '../../config/tenant-issuer.js';
import { type OAuthError, UnsupportedTokenTypeError } from '../../errors/oauth.errors.js';
import { logEvent } from '../../common/log.js';
import { errorFields } from '../../observability/error-fields.js';
import { readScope } from '../../token/token-fields.js';
import { refreshedToken } from '../../token/token-response.js';
import type { OAuth2Token } from '../../token/token.js';
import { claimsOf, type IdTokenChecks } from '../openid/id-token.js';
import type { Provider } from '../provider/provider.js';
import { tokenRequest } from './token-request.js';

/** A token that can be refreshed. */
export type RefreshableToken = OAuth2Token & { refreshToken: string };

/** What a refresh came to. */
export interface Refreshed {
  /** The token to save, whether there is a fault or not. */
  token: OAuth2Token;
  /** Why this call must fail, once the token is saved. */
  fault?: OAuthError;
}

/**
 * Exchanges a refresh token for a new token (RFC 6749 §6). What the answer does not replace stays: see `refreshedToken()`.
 *
 * A provider that rotates has used up the old refresh token by now, so an answer with a usable access token is not thrown away
 * because a check fails. A bad id_token is logged and dropped. Of a token of another type, only the refresh token is kept.
 * @throws {InvalidTokenError} when the answer has no usable access token, or its id_token is about another user
 */
export async function refreshToken(provider: Provider, old: RefreshableToken): Promise<Refreshed> {
  const { name, refreshTokenUrl, refreshTokenParams, resource, dpopKey } = provider.config;
  const server = refreshTokenUrl ? withTokenEndpoint(provider.server, refreshTokenUrl) : provider.server;
  const user = await userOf(provider, old.idToken);
  const { token, fault, idTokenFault } = await tokenRequest(
    { ...provider, server },
    {
      grantType: 'refresh_token',
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

/** Whom an id_token is about: the user, and where the provider has many issuers that of the user's tenant. */
async function userOf(provider: Provider, idToken: string | undefined): Promise<IdTokenChecks> {
  const { sub: subject, iss } = idToken === undefined ? {} : await claimsOf(provider, idToken);
  return { subject, issuer: isTenantTemplate(provider.server.issuer) ? iss : undefined };
}

/** A refresh is for the user who signed in (OpenID Connect Core §12.2). */
function isOther(user: IdTokenChecks, claimed: IdTokenChecks): boolean {
  return (['subject', 'issuer'] as const).some(
    (name) => user[name] !== undefined && claimed[name] !== undefined && user[name] !== claimed[name],
  );
}

function withTokenEndpoint(
  { mtls_endpoint_aliases: aliases, ...server }: AuthorizationServer,
  url: string,
): AuthorizationServer {
  return { ...server, token_endpoint: url, mtls_endpoint_aliases: aliases && { ...aliases, token_endpoint: url } };
}

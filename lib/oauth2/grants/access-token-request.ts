import type { JWK } from 'jose';
import type { RequestParameters } from '../../config/client-settings.js';
import { snakeCase } from '../../config/snake-case.js';
import { InvalidTokenError, OAuthError } from '../../errors/oauth.errors.js';
import { logEvent } from '../../common/log.js';
import { errorFields } from '../../observability/error-fields.js';
import { readOAuth2Token, type OAuth2Token, type StoredOAuth2Token } from '../../token/token.js';
import { warnOnce } from '../../common/warn-once.js';
import { clientAssertion } from './client-assertion.js';
import type { Provider } from '../provider/provider.js';
import { authorizationCodeRequest, type CodeExchange } from './authorization-code.js';
import { refreshTokenAdvice } from './refresh-token-advice.js';
import { refreshToken } from './refresh-token.js';
import { tokenRequest } from './token-request.js';

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';

/** Parameters of most grants. */
export interface CommonGrant {
  /** Requested scope (RFC 6749 §3.3). @default the scope in the settings */
  scope?: string | string[];
  /** Requested resources (RFC 8707). @default the resources in the settings */
  resource?: string | string[];
  /** Private JWK to which the token is bound if DPoP is on. @default the key in the settings, or a new key */
  dpopKey?: JWK;
  /** Additional parameters, by their wire names. */
  params?: RequestParameters;
}

/** Requests a token for the client itself (RFC 6749 §4.4). */
export interface ClientCredentialsGrant extends CommonGrant {
  grantType: 'client_credentials';
}

/** Refreshes a token explicitly (RFC 6749 §6). API calls refresh tokens automatically. */
export interface RefreshTokenGrant {
  grantType: 'refresh_token';
  /** The whole token. The fields that the response does not replace are kept. */
  token: StoredOAuth2Token;
}

/** Exchanges the user's password for a token. The application sees the password, so use this only if nothing else works (RFC 9700 §2.4). */
export interface PasswordGrant extends CommonGrant {
  grantType: 'password';
  username: string;
  password: string;
}

/** Exchanges a token for another token (RFC 8693 §2.1). */
export interface TokenExchangeGrant extends CommonGrant {
  grantType: 'urn:ietf:params:oauth:grant-type:token-exchange';
  subjectToken: string;
  /** @default 'urn:ietf:params:oauth:token-type:access_token' */
  subjectTokenType?: string;
  actorToken?: string;
  /** @default 'urn:ietf:params:oauth:token-type:access_token' */
  actorTokenType?: string;
  requestedTokenType?: string;
  audience?: string | string[];
}

/** Exchanges an assertion for a token (RFC 7523 §2.1): a given assertion, or claims that are signed with the client's key. */
export type JwtBearerGrant = CommonGrant & { grantType: 'urn:ietf:params:oauth:grant-type:jwt-bearer' } & (
    | { assertion: string }
    | {
        /** Claims of the assertion, including `sub`. `iss`, `aud`, `iat`, `exp` and `jti` are added. */
        claims: Record<string, unknown>;
      }
  );

/** An access token request with a grant that has its own type. */
export type AccessTokenRequest =
  CodeExchange | ClientCredentialsGrant | RefreshTokenGrant | PasswordGrant | TokenExchangeGrant | JwtBearerGrant;

/**
 * Requests a token with any other grant (RFC 6749 §4.5), such as `urn:ietf:params:oauth:grant-type:saml2-bearer` or a provider's own
 * grant. All other keys are sent as parameters: `deviceId` as `device_id`. Use `params` for names that must not be changed. The
 * provider refuses a grant type that it does not know, such as one with a typing mistake.
 */
export interface ExtensionGrant<GrantType extends string = string> extends CommonGrant {
  /** Sent as `grant_type`. The grants of {@link AccessTokenRequest} have their own types. */
  grantType: GrantType extends NonNullable<AccessTokenRequest['grantType']> ? never : GrantType;
  [parameter: string]: unknown;
}

const PASSWORD_WARNING =
  "The password grant gives the application its users' passwords, and no second factor works with it (RFC 9700 §2.4). " +
  'Use a login by redirect, or device authorization.';

const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

/** Requests an access token with a grant that does not wait for the user. */
export async function accessTokenRequest(
  provider: Provider,
  request: AccessTokenRequest | ExtensionGrant,
): Promise<OAuth2Token> {
  if (isExtension(request)) return grantToken(provider, request, extensionParameters(request));
  if (!request.grantType) return (await authorizationCodeRequest(provider, request)).token;
  switch (request.grantType) {
    case 'authorization_code':
      return (await authorizationCodeRequest(provider, request)).token;
    case 'refresh_token':
      return refreshByHand(provider, readOAuth2Token(request.token));
    case 'client_credentials':
      return grantToken(provider, request, {});
    case 'password':
      warnOnce(PASSWORD_WARNING);
      return grantToken(provider, request, { username: request.username, password: request.password });
    case TOKEN_EXCHANGE:
      return grantToken(provider, request, tokenExchangeParameters(request));
    case JWT_BEARER:
      return grantToken(provider, request, {
        assertion: 'assertion' in request ? request.assertion : await clientAssertion(provider, request.claims),
      });
  }
}

/** The grants with a type of their own. The compiler reports a missing one. */
const KNOWN_GRANTS: Readonly<Record<NonNullable<AccessTokenRequest['grantType']>, true>> = {
  authorization_code: true,
  refresh_token: true,
  client_credentials: true,
  password: true,
  [TOKEN_EXCHANGE]: true,
  [JWT_BEARER]: true,
};

export function isRefresh(request: AccessTokenRequest | ExtensionGrant): request is RefreshTokenGrant {
  return request.grantType === 'refresh_token';
}

/** @throws {OAuthError} `invalid_request` (status 500) when the grant type is not a string */
function isExtension(request: AccessTokenRequest | ExtensionGrant): request is ExtensionGrant {
  const grantType: unknown = request.grantType;
  if (!grantType) return false;
  if (typeof grantType === 'string') return !Object.hasOwn(KNOWN_GRANTS, grantType);
  throw new OAuthError('invalid_request', {
    description: 'grantType is not a string; expected the name of a grant, or none for an authorization code',
    status: 500,
  });
}

/** Parameters that client authentication and the request itself add. A grant must not replace them. */
const OWN_PARAMETERS = ['grant_type', 'client_id', 'client_secret', 'client_assertion', 'client_assertion_type'];

/**
 * Returns the parameters of a grant that this library does not know.
 * @throws {OAuthError} `invalid_request` (status 500) when a parameter would replace client authentication
 */
function extensionParameters(request: ExtensionGrant): Record<string, unknown> {
  const { grantType: _, scope, resource, dpopKey, params = {}, ...others } = request;
  const named = Object.entries(others).map(([name, value]): [string, unknown] => [snakeCase(name), value]);
  const parameters = Object.fromEntries([...named, ...Object.entries(params)]);
  const refused = OWN_PARAMETERS.filter((name) => Object.hasOwn(parameters, name));
  if (refused.length === 0) return parameters;
  throw new OAuthError('invalid_request', {
    description: `${refused.join(', ')}: not allowed in the parameters of a grant; the settings of the client add them. Remove them`,
    status: 500,
  });
}

async function grantToken(
  provider: Provider,
  request: CommonGrant & { grantType: string },
  specific: Record<string, unknown>,
): Promise<OAuth2Token> {
  const { config, dpopKeys } = provider;
  const { grantType, scope = config.scope, resource = config.resource, params } = request;
  const { method: _, ...configured } = config.accessTokenParams;
  const dpopKey = await dpopKeys.keyFor(request.dpopKey);
  const { token } = await tokenRequest(provider, {
    grantType,
    parameters: { ...configured, ...params, ...specific, scope, resource },
    dpopKey,
    tokenTypes: [dpopKey ? 'dpop' : 'bearer', ...(grantType === TOKEN_EXCHANGE ? ['n_a'] : [])],
  });
  return token;
}

/** Returns the token even if the response has a fault, because the old refresh token may be used up. Logs the fault. */
async function refreshByHand(provider: Provider, old: OAuth2Token): Promise<OAuth2Token> {
  const { config } = provider;
  const { refreshToken: usable } = old;
  if (usable === undefined) {
    const description = `the token cannot be refreshed, because it has no refresh token. ${refreshTokenAdvice(config)}`;
    throw new InvalidTokenError({ description, status: 500 });
  }
  const { token, fault } = await refreshToken(provider, { ...old, refreshToken: usable });
  if (fault) logEvent('error', 'refresh response not accepted', { client: config.name, ...errorFields(fault) });
  return token;
}

function tokenExchangeParameters(exchange: TokenExchangeGrant): Record<string, unknown> {
  const { subjectToken, subjectTokenType = ACCESS_TOKEN, actorToken, actorTokenType = ACCESS_TOKEN } = exchange;
  return {
    subject_token: subjectToken,
    subject_token_type: subjectTokenType,
    ...(actorToken && { actor_token: actorToken, actor_token_type: actorTokenType }),
    requested_token_type: exchange.requestedTokenType,
    audience: exchange.audience,
  };
}

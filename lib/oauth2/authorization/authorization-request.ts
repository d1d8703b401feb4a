import type { JWK } from 'jose';
import { withQuery } from '../../http/query.js';
import { OAuthConfigError, ProviderError, OAuthErrorCode } from '../../errors/oauth.errors.js';
import { unwrapIdToken } from '../openid/id-token.js';
import { requireEndpoint, type Provider } from '../provider/provider.js';
import {
  scopeIncludes,
  scopeParameter,
  spaceSeparated,
  wireParameters,
  type WireParameters,
} from '../wire/parameters.js';
import { redirectUriToSend, renamedParameters } from './nonstandard-request.js';
import { checkedResponse, type AuthorizationChecks, type AuthorizationParams } from './authorization-params.js';
import { codeChallenge, codeVerifierFor } from './pkce.js';
import { pushedAuthorizationRequest } from './pushed-authorization-request.js';
import { randomText } from '../../common/random-text.js';
import { signedRequestObject } from './request-object.js';

/** An authorization URL, and the values that are kept until the callback. */
export interface OAuth2AuthorizationRequest extends AuthorizationChecks {
  /** The URL to which the user is redirected. */
  url: string;
  state: string;
  /** The `redirect_uri` that was sent, if it is not the redirect URI that was passed (`stateInRedirectUri`). */
  redirectUri?: string;
  /** Private JWK to which the token is bound (RFC 9449), if it is not the key in the settings. */
  dpopKey?: JWK;
}

/**
 * Creates the authorization request (RFC 6749 §4.1.1, RFC 7636 §4.3, OpenID Connect Core §3.1.2.1). Signs it (RFC 9101) and pushes it
 * (RFC 9126) if the settings or the provider require this.
 */
export async function authorizationRequest(
  provider: Provider,
  redirectUri: string | undefined,
  params: AuthorizationParams,
): Promise<OAuth2AuthorizationRequest> {
  const endpoint = requireEndpoint(provider, 'authorization_endpoint');
  requireStandardNames(provider);
  const { parameters, kept, dpopKey } = await authorizationParameters(provider, redirectUri, params);
  let sent = renamedParameters(provider, parameters);
  if (isSigned(provider)) {
    requireKeys(provider);
    sent = await signedRequestObject(provider, sent);
  }
  if (isPushed(provider)) {
    sent = await pushedAuthorizationRequest(provider, sent, dpopKey);
  }
  return { url: withQuery(endpoint, sent) + (provider.config.authorizationRequest?.fragment ?? ''), ...kept };
}

/** Returns whether this server signs or pushes the authorization request, so that a browser cannot change it. */
export function isVouchedFor(provider: Provider): boolean {
  return isSigned(provider) || isPushed(provider);
}

function isSigned({ config, server }: Provider): boolean {
  return config.requireSignedRequestObject || server.require_signed_request_object === true;
}

function isPushed({ config, server }: Provider): boolean {
  return config.requirePushedAuthorizationRequests || server.require_pushed_authorization_requests === true;
}

async function authorizationParameters(
  provider: Provider,
  redirectUri: string | undefined,
  params: AuthorizationParams,
): Promise<{ parameters: WireParameters; kept: Omit<OAuth2AuthorizationRequest, 'url'>; dpopKey?: JWK }> {
  const { config, dpopKeys, clientKeys } = provider;
  const { state = randomText(), codeVerifier: givenVerifier, nonce: givenNonce, dpopKey: givenKey, ...others } = params;
  const { idTokenHint, ...loginParams } = others;
  const requested: WireParameters = {
    scope: config.scope,
    resource: config.resource,
    ...config.authorizeParams,
    ...wireParameters(loginParams),
  };
  const { type, mode } = checkedResponse(requested);
  const { scopeSeparator, registeredRedirectUri } = config;
  const sentRedirectUri = redirectUriToSend(provider, redirectUri, state);
  const acr = spaceSeparated(requested.acr_values);
  const codeVerifier = usesPkce(provider) ? codeVerifierFor(givenVerifier) : undefined;
  const isOpenId = scopeIncludes(requested.scope, scopeSeparator, 'openid') || type !== 'code';
  const nonce = givenNonce ?? (isOpenId ? randomText() : undefined);
  const dpopKey = await dpopKeys.keyFor(givenKey);
  const resource = [requested.resource ?? []].flat() as string[];
  return {
    dpopKey,
    // spreading many keys into a literal takes longer than the rest of a login
    parameters: Object.assign(requested, {
      response_type: type,
      response_mode: mode,
      client_id: config.clientId,
      redirect_uri: registeredRedirectUri ?? sentRedirectUri,
      scope: scopeParameter(requested.scope, scopeSeparator),
      acr_values: acr,
      id_token_hint: idTokenHint && (await unwrapIdToken(clientKeys, idTokenHint)),
      resource,
      state,
      nonce,
      code_challenge: codeVerifier && codeChallenge(codeVerifier),
      code_challenge_method: codeVerifier && 'S256',
      dpop_jkt: dpopKey && (await dpopKeys.thumbprint(dpopKey)),
    }),
    kept: {
      state,
      ...(sentRedirectUri !== redirectUri && { redirectUri: sentRedirectUri }),
      codeVerifier,
      nonce,
      maxAge: requested.max_age === undefined ? undefined : Number(requested.max_age),
      acrValues: acr?.split(' '),
      responseType: type === 'code' ? undefined : type,
      responseMode: mode,
      resource: resource.length > 0 ? resource : undefined,
      dpopKey: dpopKey === config.dpopKey ? undefined : dpopKey,
    },
  };
}

/**
 * Returns whether a login uses PKCE: always, unless the settings of a confidential client turn PKCE off. If the metadata has no list
 * of methods, PKCE is used, because a provider without PKCE ignores its parameters (RFC 6749 §3.1).
 * @throws {ProviderError} when the metadata lists only methods other than S256
 */
function usesPkce({ config, server }: Provider): boolean {
  if (config.codeChallengeMethod === 'none') return false;
  const supported: unknown = server.code_challenge_methods_supported;
  if (!Array.isArray(supported) || supported.includes('S256')) return true;
  throw new ProviderError({
    error: OAuthErrorCode.PROVIDER_UNSUPPORTED,
    description:
      `${config.name}: the provider's metadata has no S256 among its code_challenge_methods_supported. ` +
      'Ask the provider for S256; a client that authenticates can set code_challenge_method to "none" instead',
  });
}

/** @throws {OAuthConfigError} when the request is pushed or signed, and the settings rename its parameters */
function requireStandardNames(provider: Provider): void {
  const { name, authorizationRequest } = provider.config;
  if (!authorizationRequest?.parameterNames || !isVouchedFor(provider)) return;
  throw new OAuthConfigError([
    `${name}.authorization_request.parameter_names: the provider's metadata requires pushed or signed authorization requests, ` +
      'whose parameters cannot be renamed. Remove the setting',
  ]);
}

/** @throws {ProviderError} when the metadata requires signed requests, but the settings have no key */
function requireKeys({ config: { name, privateKeys } }: Provider): void {
  if (typeof privateKeys === 'function' || privateKeys.length > 0) return;
  throw new ProviderError({
    error: OAuthErrorCode.PROVIDER_UNSUPPORTED,
    description: `${name}: the provider's metadata requires signed authorization requests. Set private_keys`,
  });
}

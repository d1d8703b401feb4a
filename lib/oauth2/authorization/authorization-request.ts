import type { JsonWebKey } from 'node:crypto';
import { withQuery } from '../../http/query.js';
import { ProviderError, OAuthErrorCode } from '../../errors/oauth.errors.js';
import { unwrapIdToken } from '../openid/id-token.js';
import { requireEndpoint, type Provider } from '../provider/provider.js';
import { spaceSeparated, wireParameters, type WireParameters } from '../wire/parameters.js';
import { checkedResponse, type AuthorizationChecks, type AuthorizationParams } from './authorization-params.js';
import { codeChallenge, codeVerifierFor } from './pkce.js';
import { pushedAuthorizationRequest } from './pushed-authorization-request.js';
import { randomText } from '../wire/random-text.js';
import { signedRequestObject } from './request-object.js';

/** An authorization URL, and what is kept until its callback comes. */
export interface OAuth2AuthorizationRequest extends AuthorizationChecks {
  /** Where the user is sent. */
  url: string;
  state: string;
  /** Private JWK that the token is bound to (RFC 9449), where it is not the configured one. */
  dpopKey?: JsonWebKey;
}

/**
 * Makes the authorization request (RFC 6749 §4.1.1, RFC 7636 §4.3, OpenID Connect Core §3.1.2.1): signed (RFC 9101) and
 * pushed (RFC 9126) where the settings or the provider ask for it.
 */
export async function authorizationRequest(
  provider: Provider,
  redirectUri: string | undefined,
  params: AuthorizationParams,
): Promise<OAuth2AuthorizationRequest> {
  const endpoint = requireEndpoint(provider, 'authorization_endpoint');
  const { parameters, kept, dpopKey } = await authorizationParameters(provider, redirectUri, params);
  let sent = parameters;
  if (isSigned(provider)) {
    requireKeys(provider);
    sent = await signedRequestObject(provider, sent);
  }
  if (isPushed(provider)) {
    sent = await pushedAuthorizationRequest(provider, sent, dpopKey);
  }
  return { url: withQuery(endpoint, sent), ...kept };
}

/** Whether the authorization request leaves from this server, or is signed by it, and so vouches for what is in it. */
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
): Promise<{ parameters: WireParameters; kept: Omit<OAuth2AuthorizationRequest, 'url'>; dpopKey?: JsonWebKey }> {
  const { config, dpopKeys, clientKeys } = provider;
  const { state = randomText(), codeVerifier: givenVerifier, nonce: givenNonce, dpopKey: givenKey, ...others } = params;
  const { idTokenHint, ...wishes } = others;
  const asked: WireParameters = {
    scope: config.scope,
    resource: config.resource,
    ...config.authorizeParams,
    ...wireParameters(wishes),
  };
  const { type, mode } = checkedResponse(asked);
  const scope = spaceSeparated(asked.scope);
  const acr = spaceSeparated(asked.acr_values);
  const codeVerifier = usesPkce(provider) ? codeVerifierFor(givenVerifier) : undefined;
  const nonce = givenNonce ?? (scope?.split(' ').includes('openid') || type !== 'code' ? randomText() : undefined);
  const dpopKey = await dpopKeys.keyFor(givenKey);
  const resource = [asked.resource ?? []].flat() as string[];
  return {
    dpopKey,
    // many keys spread into a literal cost more than the rest of a login
    parameters: Object.assign(asked, {
      response_type: type,
      response_mode: mode,
      client_id: config.clientId,
      redirect_uri: redirectUri,
      scope,
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
      codeVerifier,
      nonce,
      maxAge: asked.max_age === undefined ? undefined : Number(asked.max_age),
      acrValues: acr?.split(' '),
      responseType: type === 'code' ? undefined : type,
      responseMode: mode,
      resource: resource.length > 0 ? resource : undefined,
      dpopKey: dpopKey === config.dpopKey ? undefined : dpopKey,
    },
  };
}

/**
 * Whether a login uses PKCE: always, unless the settings of a confidential client turn it off. Metadata without a list of
 * methods says nothing, because a provider that does not know PKCE ignores it (RFC 6749 §3.1).
 * @throws {ProviderError} when the provider says that it has other methods alone
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

/** Where the settings do not ask for signed requests, it is the metadata that does, and the settings may have no key. */
function requireKeys({ config: { name, privateKeys } }: Provider): void {
  if (typeof privateKeys === 'function' || privateKeys.length > 0) return;
  throw new ProviderError({
    error: OAuthErrorCode.PROVIDER_UNSUPPORTED,
    description: `${name}: the provider's metadata requires signed authorization requests. Set private_keys`,
  });
}

import type { OAuth2ClientConfig } from '../config/client-config.js';
import { withQuery } from '../http/query.js';
import { codeChallenge, codeVerifierFor } from './pkce.js';
import { randomText } from './random-text.js';

/** What one login asks for beyond the client's settings. Other keys are sent as they are, by their wire names. */
export interface AuthorizationParams {
  /** Scope, instead of the configured one (RFC 6749 §3.3). */
  scope?: string | string[];
  /** `prompt`: `none`, `login`, `consent`, `select_account` (OpenID Connect Core §3.1.2.1). */
  prompt?: string;
  /** `login_hint`: whom the user is expected to be (OpenID Connect Core §3.1.2.1). */
  loginHint?: string;
  /** `response_mode`, such as `form_post`. */
  responseMode?: string;
  /** State to use instead of a random one. */
  state?: string;
  /** PKCE verifier to use instead of a random one (RFC 7636 §4.1). */
  codeVerifier?: string;
  /** Nonce to use instead of a random one (OpenID Connect Core §3.1.2.1). */
  nonce?: string;
  [extra: string]: unknown;
}

/** An authorisation URL, and what its callback will be checked against. */
export interface OAuth2AuthorizationRequest {
  /** Where the user is sent. */
  url: string;
  state: string;
  /** The PKCE verifier (RFC 7636), where PKCE is on. */
  codeVerifier?: string;
  /** The nonce, where the scope has `openid`. */
  nonce?: string;
}

/** Builds the authorisation request (RFC 6749 §4.1.1, RFC 7636 §4.3, OpenID Connect Core §3.1.2.1). */
export function buildAuthorizationRequest(
  config: OAuth2ClientConfig,
  authorizationEndpoint: string,
  redirectUri: string | undefined,
  params: AuthorizationParams,
): OAuth2AuthorizationRequest {
  const { scope: asked = config.scope, state = randomText(), loginHint, responseMode, ...rest } = params;
  const { codeVerifier: givenVerifier, nonce: givenNonce, ...extra } = rest;
  const scope = Array.isArray(asked) ? asked.join(' ') : asked;
  const codeVerifier = config.usesPkce ? codeVerifierFor(givenVerifier) : undefined;
  const nonce = givenNonce ?? (scope?.split(' ').includes('openid') ? randomText() : undefined);
  const url = withQuery(authorizationEndpoint, {
    ...config.authorizeParams,
    ...extra,
    ...(loginHint !== undefined && { login_hint: loginHint }),
    ...(responseMode !== undefined && { response_mode: responseMode }),
    response_type: 'code',
    client_id: config.clientId,
    redirect_uri: redirectUri,
    scope,
    state,
    nonce,
    code_challenge: codeVerifier && codeChallenge(codeVerifier),
    code_challenge_method: codeVerifier && 'S256',
  });
  return { url, state, codeVerifier, nonce };
}

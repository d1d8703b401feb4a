import type { JsonWebKey } from 'node:crypto';
import { OAuthError } from '../../errors/oauth.errors.js';
import type { WireParameters } from '../wire/parameters.js';

/** What one login asks for beyond the client's settings. Other keys are sent as they are, by their wire names. */
export interface AuthorizationParams {
  /** Scope, instead of the configured one (RFC 6749 §3.3). */
  scope?: string | string[];
  /** `prompt`: `none`, `login`, `consent`, `select_account` (OpenID Connect Core §3.1.2.1). */
  prompt?: string;
  /** `login_hint`: whom the user is expected to be (OpenID Connect Core §3.1.2.1). */
  loginHint?: string;
  /** `id_token_hint`: an id_token of the user who is expected (OpenID Connect Core §3.1.2.1). */
  idTokenHint?: string;
  /** `max_age`: seconds since the user last proved who they are; the id_token is checked for it (OpenID Connect Core §3.1.2.1). */
  maxAge?: number;
  /** `acr_values`: how surely the user is to be known; the id_token must have one of them (OpenID Connect Core §3.1.2.1). */
  acrValues?: string | string[];
  /** `claims`: which claims the id_token and userinfo are to have (OpenID Connect Core §5.5). */
  claims?: object;
  /** `authorization_details`: what the token is for, in detail (RFC 9396). */
  authorizationDetails?: object[];
  /** `resource`: the APIs that the token is for, instead of the configured ones (RFC 8707). */
  resource?: string | string[];
  /** `response_type`: `code`, or `code id_token` by a form post (OpenID Connect Core §3.3). */
  responseType?: string;
  /** `response_mode`, such as `form_post`, or `jwt` for a signed answer (JARM). */
  responseMode?: string;
  /** State to use instead of a random one: 16 to 1,024 characters that nobody can guess. */
  state?: string;
  /** PKCE verifier to use instead of a random one (RFC 7636 §4.1). */
  codeVerifier?: string;
  /** Nonce to use instead of a random one (OpenID Connect Core §3.1.2.1): 16 to 1,024 characters that nobody can guess. */
  nonce?: string;
  /** Private JWK to bind the token to instead of a new one, where DPoP is on (RFC 9449). */
  dpopKey?: JsonWebKey;
  [extra: string]: unknown;
}

/** What the callback of a login is checked against. */
export interface AuthorizationChecks {
  /** The PKCE verifier (RFC 7636), unless PKCE is turned off. */
  codeVerifier?: string;
  /** The nonce, where the scope has `openid`. */
  nonce?: string;
  /** `max_age`, in seconds. */
  maxAge?: number;
  /** `acr_values` of which the id_token must have one. */
  acrValues?: string[];
  /** `response_type`, where it is not `code`. */
  responseType?: string;
  /** `response_mode`, where one was asked for. */
  responseMode?: string;
  /** `resource`, which the token request repeats (RFC 8707 §2.2). */
  resource?: string[];
}

/** Modes that bring the answer to a server: by a redirect, or by a form post, and each of them signed (JARM). */
const RESPONSE_MODES = new Set(['query', 'form_post', 'jwt', 'query.jwt', 'form_post.jwt']);

/**
 * The response type and mode of a login. Tokens that the browser carries end up in its history, in logs and in other
 * sites' referrers, so a `code` alone is taken, or `code id_token` that comes in a form.
 * @throws {OAuthError} `unsupported_response_type` (status 500) for any other
 */
export function checkedResponse(parameters: WireParameters): { type: string; mode?: string } {
  const { response_type: type = 'code', response_mode: mode } = parameters;
  if (mode !== undefined && typeof mode !== 'string') throw unsupported('response_mode: expected a text');
  if (type === 'code') {
    if (mode !== undefined && !RESPONSE_MODES.has(mode)) {
      throw unsupported(
        'response_mode: expected "query", "form_post", "jwt", "query.jwt" or "form_post.jwt"; an answer by another one, such as ' +
          'in the fragment of the URL, never reaches a server',
      );
    }
    return { type, mode };
  }
  if (type !== 'code id_token' && type !== 'id_token code') {
    throw unsupported(
      'expected "code", or "code id_token" by a form post; access tokens by the browser are not safe (RFC 9700 §2.1.2)',
    );
  }
  if (mode !== undefined && mode !== 'form_post') throw unsupported('"code id_token" is taken by a form post alone');
  return { type: 'code id_token', mode: 'form_post' };
}

function unsupported(description: string): OAuthError {
  return new OAuthError('unsupported_response_type', { description, status: 500 });
}

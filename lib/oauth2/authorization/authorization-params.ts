import type { JWK } from 'jose';
import { OAuthError } from '../../errors/oauth.errors.js';
import type { WireParameters } from '../wire/parameters.js';

/** Parameters of one login, besides the client's settings. Other keys are sent unchanged, as wire names. */
export interface AuthorizationParams {
  /** Scope, instead of the scope in the settings (RFC 6749 §3.3). */
  scope?: string | string[];
  /** `prompt`: `none`, `login`, `consent`, `select_account` (OpenID Connect Core §3.1.2.1). */
  prompt?: string;
  /** `login_hint`: identifies the expected user (OpenID Connect Core §3.1.2.1). */
  loginHint?: string;
  /** `id_token_hint`: an id_token of the expected user (OpenID Connect Core §3.1.2.1). */
  idTokenHint?: string;
  /** `max_age`: maximum seconds since the user authenticated. The id_token must confirm it (OpenID Connect Core §3.1.2.1). */
  maxAge?: number;
  /** `acr_values`: requested levels of authentication. The id_token must have one of them (OpenID Connect Core §3.1.2.1). */
  acrValues?: string | string[];
  /** `claims`: requested claims of the id_token and of userinfo (OpenID Connect Core §5.5). */
  claims?: object;
  /** `authorization_details`: the requested authorization in detail (RFC 9396). */
  authorizationDetails?: object[];
  /** `resource`: the requested resources, instead of the resources in the settings (RFC 8707). */
  resource?: string | string[];
  /** `response_type`: `code`, or `code id_token`, which is returned in a form post (OpenID Connect Core §3.3). */
  responseType?: string;
  /** `response_mode`, such as `form_post`, or `jwt` for a signed response (JARM). */
  responseMode?: string;
  /** State to use instead of a random state: 16 to 1,024 characters that are not guessable. */
  state?: string;
  /** Code verifier to use instead of a random code verifier (RFC 7636 §4.1). */
  codeVerifier?: string;
  /** Nonce to use instead of a random nonce (OpenID Connect Core §3.1.2.1): 16 to 1,024 characters that are not guessable. */
  nonce?: string;
  /** Private JWK to which the token is bound, instead of a new key, if DPoP is on (RFC 9449). */
  dpopKey?: JWK;
  [extra: string]: unknown;
}

/** Values for the validation of a login's callback. */
export interface AuthorizationChecks {
  /** The code verifier (RFC 7636). Undefined if PKCE is turned off. */
  codeVerifier?: string;
  /** The nonce, if the scope contains `openid`. */
  nonce?: string;
  /** `max_age`, in seconds. */
  maxAge?: number;
  /** `acr_values` of which the id_token must have one. */
  acrValues?: string[];
  /** `response_type`, if it is not `code`. */
  responseType?: string;
  /** `response_mode`, if it was sent. */
  responseMode?: string;
  /** `resource`, which the token request repeats (RFC 8707 §2.2). */
  resource?: string[];
}

/** Response modes in which the response reaches a server: in a redirect or in a form post, signed (JARM) or not. */
const RESPONSE_MODES = new Set(['query', 'form_post', 'jwt', 'query.jwt', 'form_post.jwt']);

/**
 * Returns the response type and the response mode of a login. Tokens in URLs leak into the browser history, logs and referrers, so only
 * `code`, and `code id_token` in a form post, are accepted.
 * @throws {OAuthError} `unsupported_response_type` (status 500) for any other response type or response mode
 */
export function checkedResponse(parameters: WireParameters): { type: string; mode?: string } {
  const { response_type: type = 'code', response_mode: mode } = parameters;
  if (mode !== undefined && typeof mode !== 'string') throw unsupported('response_mode: expected a string');
  if (type === 'code') {
    if (mode !== undefined && !RESPONSE_MODES.has(mode)) {
      throw unsupported(
        'response_mode: expected "query", "form_post", "jwt", "query.jwt" or "form_post.jwt"; a response in another mode, such as ' +
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

import { FORM_CONTENT_TYPE, isForm } from '../../common/media-type.js';
import type { ApiRequestSettings } from '../../config/wire-settings.js';
import type { ProtectedRequest } from '../../http/messages.js';
import { InvalidTokenError, OAuthError, UnsupportedTokenTypeError } from '../../errors/oauth.errors.js';
import type { OAuth2Token } from '../../token/token.js';

export type TokenPlacement = 'header' | 'body' | 'uri';

/** How a request sends a bearer token. */
export interface TokenRules {
  readonly tokenPlacement: TokenPlacement;
  readonly apiRequest?: Readonly<ApiRequestSettings>;
}

/** Visible ASCII (RFC 6749 A.12). Other characters could end a header. */
const ACCESS_TOKEN = /^[\x20-\x7e]+$/;

/**
 * Returns an API call with the token (RFC 6750 §2). A token that is bound to a key is sent in the header (RFC 9449 §7.1).
 * @throws {UnsupportedTokenTypeError} when the token type is neither `bearer` nor `dpop`
 * @throws {InvalidTokenError} when the access token contains invalid characters
 * @throws {OAuthError} `invalid_request` (status 500) when the placement is `body` and the body is not a form
 */
export function attachToken(
  request: ProtectedRequest,
  token: OAuth2Token,
  { tokenPlacement, apiRequest = {} }: TokenRules,
): ProtectedRequest {
  if (token.tokenType !== 'bearer' && token.tokenType !== 'dpop') {
    throw new UnsupportedTokenTypeError({ description: 'only tokens of the types "Bearer" and "DPoP" can be sent' });
  }
  if (!ACCESS_TOKEN.test(token.accessToken)) {
    throw new InvalidTokenError({
      description:
        'the access token has invalid characters; expected visible ASCII (RFC 6749 A.12). Check the token store',
    });
  }
  if (token.tokenType === 'dpop') return inHeader(request, 'authorization', `DPoP ${token.accessToken}`);
  const { tokenHeader, tokenScheme = 'Bearer', tokenParameter = 'access_token' } = apiRequest;
  switch (tokenPlacement) {
    case 'header': {
      if (tokenHeader !== undefined) return inHeader(request, tokenHeader.toLowerCase(), token.accessToken);
      const scheme = tokenScheme === '' ? '' : `${tokenScheme} `;
      return inHeader(request, 'authorization', scheme + token.accessToken);
    }
    case 'uri': {
      const url = new URL(request.url);
      url.searchParams.set(tokenParameter, token.accessToken);
      return { ...request, url: url.href };
    }
    case 'body':
      return inBody(request, tokenParameter, token.accessToken);
  }
}

function inHeader(request: ProtectedRequest, name: string, value: string): ProtectedRequest {
  return { ...request, headers: { ...request.headers, [name]: value } };
}

/** Adds the token to a form body (RFC 6750 §2.2). A GET request and any other body cannot contain it. */
function inBody(request: ProtectedRequest, parameter: string, accessToken: string): ProtectedRequest {
  const { method, headers, data } = request;
  const { 'content-type': type } = headers;
  const mayBeForm = type === undefined || isForm(type);
  if (method === 'GET' || method === 'HEAD' || !mayBeForm || (data !== undefined && typeof data !== 'string')) {
    throw new OAuthError('invalid_request', {
      description:
        'token_placement is body: the token can only be sent in a form, with another method than GET. Set token_placement to header, or send a form',
      status: 500,
    });
  }
  const body = new URLSearchParams(data);
  body.set(parameter, accessToken);
  return { ...request, headers: { ...headers, 'content-type': FORM_CONTENT_TYPE }, data: body.toString() };
}

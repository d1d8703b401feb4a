import { FORM_CONTENT_TYPE, isForm } from '../../common/media-type.js';
import type { ProtectedRequest } from '../../http/messages.js';
import { InvalidTokenError, OAuthError, UnsupportedTokenTypeError } from '../../errors/oauth.errors.js';
import type { OAuth2Token } from '../../token/token.js';

export type TokenPlacement = 'header' | 'body' | 'uri';

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
  placement: TokenPlacement,
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
  if (token.tokenType === 'dpop') return inHeader(request, `DPoP ${token.accessToken}`);
  switch (placement) {
    case 'header':
      return inHeader(request, `Bearer ${token.accessToken}`);
    case 'uri': {
      const url = new URL(request.url);
      url.searchParams.set('access_token', token.accessToken);
      return { ...request, url: url.href };
    }
    case 'body':
      return inBody(request, token.accessToken);
  }
}

function inHeader(request: ProtectedRequest, authorization: string): ProtectedRequest {
  return { ...request, headers: { ...request.headers, authorization } };
}

/** Adds the token to a form body (RFC 6750 §2.2). A GET request and any other body cannot contain it. */
function inBody(request: ProtectedRequest, accessToken: string): ProtectedRequest {
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
  body.set('access_token', accessToken);
  return { ...request, headers: { ...headers, 'content-type': FORM_CONTENT_TYPE }, data: body.toString() };
}

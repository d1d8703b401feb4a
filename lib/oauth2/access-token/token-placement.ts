import { FORM_CONTENT_TYPE, isForm } from '../../common/media-type.js';
import type { ProtectedRequest } from '../../http/messages.js';
import { InvalidTokenError, OAuthError, UnsupportedTokenTypeError } from '../../errors/oauth.errors.js';
import type { OAuth2Token } from '../../token/token.js';

export type TokenPlacement = 'header' | 'body' | 'uri';

/** RFC 6749 appendix A.12: visible ASCII. Anything else could end a header. */
const ACCESS_TOKEN = /^[\x20-\x7e]+$/;

/**
 * Puts a token into an API call (RFC 6750 §2); one that is bound to a key goes into the header (RFC 9449 §7.1).
 * @throws {UnsupportedTokenTypeError} for a token of another type
 * @throws {InvalidTokenError} for a token with characters that no access token has
 * @throws {OAuthError} `invalid_request` (status 500) for the placement `body` where the body is not a form
 */
export function placeToken(request: ProtectedRequest, token: OAuth2Token, placement: TokenPlacement): ProtectedRequest {
  if (token.tokenType !== 'bearer' && token.tokenType !== 'dpop') {
    throw new UnsupportedTokenTypeError({ description: 'only tokens of the types "Bearer" and "DPoP" can be sent' });
  }
  if (!ACCESS_TOKEN.test(token.accessToken)) {
    throw new InvalidTokenError({ description: 'the access token has characters that none may have (RFC 6749 A.12)' });
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
      return placeInBody(request, token.accessToken);
  }
}

function inHeader(request: ProtectedRequest, authorization: string): ProtectedRequest {
  return { ...request, headers: { ...request.headers, authorization } };
}

/** RFC 6750 §2.2: only in a form body, and not in a GET. */
function placeInBody(request: ProtectedRequest, accessToken: string): ProtectedRequest {
  const { method, headers, data } = request;
  const { 'content-type': type } = headers;
  const mayBeForm = type === undefined || isForm(type);
  if (method === 'GET' || method === 'HEAD' || !mayBeForm || (data !== undefined && typeof data !== 'string')) {
    throw new OAuthError('invalid_request', {
      description: 'token_placement is body: the token can only be sent in a form, by another method than GET',
      status: 500,
    });
  }
  const body = new URLSearchParams(data);
  body.set('access_token', accessToken);
  return { ...request, headers: { ...headers, 'content-type': FORM_CONTENT_TYPE }, data: body.toString() };
}

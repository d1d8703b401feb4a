import { fieldsOf } from '../common/fields-of.js';
import { InvalidTokenError } from '../errors/oauth.errors.js';
import { expiryOfResponse } from './expiry.js';
import { extraFields } from './extra-fields.js';
import { RESERVED } from './reserved-names.js';
import { isStorable, storableText } from './storable-text.js';
import { readScope, readTokenType } from './token-fields.js';
import type { OAuth1Token, OAuth2Token } from './token.js';

/** Maximum length of a token, in characters. A longer token does not fit into a request header. */
const MAX_TOKEN_LENGTH = 65_536;

/** Access and refresh tokens are visible ASCII (RFC 6749 A.12, A.17). */
const VISIBLE = /^[\x20-\x7e]+$/;

/**
 * Returns the OAuth 2 token in a provider's response (RFC 6749 §5.1). Reads wire names only, so that a provider cannot set
 * fields of this library. Only the access token is required; any other field is dropped if it is not valid.
 * @param expectedType the `token_type` if the response has none
 * @throws {InvalidTokenError} when the access token is missing, is longer than 64 KB or has forbidden characters
 */
export function readOAuth2TokenResponse(response: object, expectedType: string, now = Date.now()): OAuth2Token {
  const fields = fieldsOf(response);
  const { access_token: accessToken, refresh_token: refreshToken, id_token: idToken } = fields;
  if (!isToken(accessToken)) {
    throw new InvalidTokenError({
      description:
        `the token response has no usable access_token: expected at most ${MAX_TOKEN_LENGTH} visible ASCII characters ` +
        '(RFC 6749 A.12). For another format, register an `access_token_response` hook in complianceFix',
    });
  }
  const scope = readScope(fields.scope);
  return {
    ...extraFields(response, RESERVED.oauth2),
    accessToken,
    tokenType: readTokenType(fields.token_type) ?? expectedType,
    ...(isToken(refreshToken) && { refreshToken }),
    ...expiryOfResponse({ expiresAt: fields.expires_at, expiresIn: fields.expires_in }, now),
    ...(scope !== undefined && scope.length <= MAX_TOKEN_LENGTH && { scope: storableText(scope) }),
    ...(isToken(idToken) && { idToken }),
  };
}

/**
 * Returns the token after a refresh: the new token, with the fields of the old token that the response does not contain, such
 * as the refresh token, the id_token, the scope (RFC 6749 §5.1), the resources, and extra fields.
 */
export function refreshedToken(old: OAuth2Token, response: OAuth2Token): OAuth2Token {
  const { refreshToken, scope, idToken, resource } = old;
  const kept = { refreshToken, scope, idToken, resource };
  return {
    ...extraFields({ ...response, ...old, ...response }, RESERVED.oauth2),
    ...Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined)),
    ...response,
  };
}

/**
 * Returns the OAuth 1 token in a provider's response (RFC 5849 §2.1, §2.3). Reads wire names only.
 * @throws {InvalidTokenError} when the token or its secret is missing, or cannot be stored
 */
export function readOAuth1TokenResponse(response: object): OAuth1Token {
  const { oauth_token: oauthToken, oauth_token_secret: oauthTokenSecret } = fieldsOf(response);
  if (!isCredential(oauthToken) || oauthToken === '' || !isCredential(oauthTokenSecret)) {
    throw new InvalidTokenError({
      description:
        'the token response has no usable oauth_token and oauth_token_secret: expected strings without U+0000 and lone ' +
        `surrogates, at most ${MAX_TOKEN_LENGTH} characters each (RFC 5849 §2.3). Check the endpoints of this client`,
    });
  }
  return { ...extraFields(response, RESERVED.oauth1), oauthToken, oauthTokenSecret };
}

function isToken(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TOKEN_LENGTH && VISIBLE.test(value);
}

function isCredential(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TOKEN_LENGTH && isStorable(value);
}

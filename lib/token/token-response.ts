import { InvalidTokenError } from '../errors/oauth.errors.js';
import { expiryOfResponse } from './expiry.js';
import { extraFields } from './extra-fields.js';
import { isStorable, storableText } from './storable-text.js';
import { readScope, readTokenType } from './token-fields.js';
import type { OAuth1Token, OAuth2Token } from './token.js';

/** Characters of a token, at most. Larger than any that a request header can carry. */
const LONGEST_TOKEN = 65_536;

/** Names that the library gives to fields of a token, or that tell one kind of token from the other. */
const OWN_NAMES = [
  ...['accessToken', 'tokenType', 'refreshToken', 'expiresAt', 'expiresIn', 'idToken', 'dpopKey', 'dpop_key'],
  ...['resource', 'issuer', 'clientId', 'oauthToken', 'oauthTokenSecret'],
  ...['access_token', 'oauth_token', 'oauth_token_secret'],
];
const RESERVED = {
  oauth1: new Set(OWN_NAMES),
  oauth2: new Set([...OWN_NAMES, 'token_type', 'refresh_token', 'expires_at', 'expires_in', 'scope', 'id_token']),
};

/** Access and refresh tokens are visible ASCII (RFC 6749 A.12, A.17). */
const VISIBLE = /^[\x20-\x7e]+$/;

/**
 * Reads an OAuth 2 token from a provider's response (RFC 6749 §5.1). Only wire names count, so that a provider cannot set
 * fields that are the library's own. Only the access token is required: another field that cannot be used is dropped.
 * @param expectedType the `token_type` of a response that names none
 * @throws {InvalidTokenError} when the access token is missing, is longer than 64 KB or has forbidden characters
 */
export function readOAuth2TokenResponse(response: object, expectedType: string, now = Date.now()): OAuth2Token {
  const fields = response as Record<string, unknown>;
  const { access_token: accessToken, refresh_token: refreshToken, id_token: idToken } = fields;
  if (!isToken(accessToken)) {
    throw new InvalidTokenError({
      description:
        `the token response has no usable access_token: expected at most ${LONGEST_TOKEN} visible ASCII characters ` +
        '(RFC 6749 A.12). Another format can be read by an `access_token_response` hook',
    });
  }
  const scope = readScope(fields.scope);
  return {
    ...extraFields(response, RESERVED.oauth2),
    accessToken,
    tokenType: readTokenType(fields.token_type) ?? expectedType,
    ...(isToken(refreshToken) && { refreshToken }),
    ...expiryOfResponse({ expiresAt: fields.expires_at, expiresIn: fields.expires_in }, now),
    ...(scope !== undefined && scope.length <= LONGEST_TOKEN && { scope: storableText(scope) }),
    ...(isToken(idToken) && { idToken }),
  };
}

/**
 * Returns a token after its refresh: the new one, with what the response did not send again. That is the refresh token, the
 * id_token, the scope (RFC 6749 §5.1), the APIs that the token is for, and fields that the provider once added.
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
 * Reads an OAuth 1 token from a provider's response (RFC 5849 §2.1, §2.3). Only wire names count.
 * @throws {InvalidTokenError} when the token or its secret is missing, or cannot be stored
 */
export function readOAuth1TokenResponse(response: object): OAuth1Token {
  const { oauth_token: oauthToken, oauth_token_secret: oauthTokenSecret } = response as Record<string, unknown>;
  if (!isCredential(oauthToken) || oauthToken === '' || !isCredential(oauthTokenSecret)) {
    throw new InvalidTokenError({
      description:
        'the token response has no usable oauth_token and oauth_token_secret: expected text without U+0000 and lone ' +
        `surrogates, at most ${LONGEST_TOKEN} characters each (RFC 5849 §2.3). Check the endpoints of this client`,
    });
  }
  return { ...extraFields(response, RESERVED.oauth1), oauthToken, oauthTokenSecret };
}

function isToken(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST_TOKEN && VISIBLE.test(value);
}

function isCredential(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST_TOKEN && isStorable(value);
}

/** Names of token fields in this library, and names that distinguish the kinds of tokens. */
const OWN_NAMES = [
  ...['accessToken', 'tokenType', 'refreshToken', 'expiresAt', 'expiresIn', 'idToken', 'dpopKey', 'dpop_key'],
  ...['resource', 'issuer', 'clientId', 'oauthToken', 'oauthTokenSecret'],
  ...['access_token', 'oauth_token', 'oauth_token_secret'],
];

/** Names that extra fields of a token cannot have, by the kind of the token. */
export const RESERVED = {
  oauth1: new Set(OWN_NAMES),
  oauth2: new Set([...OWN_NAMES, 'token_type', 'refresh_token', 'expires_at', 'expires_in', 'scope', 'id_token']),
};

/** Names that have a special meaning in JavaScript. */
export const UNSAFE_NAMES = new Set(['__proto__', 'constructor', 'prototype', 'toJSON', 'then']);

import { extraFields } from './extra-fields.js';
import { RESERVED } from './reserved-names.js';
import type { OAuth1Token, OAuth2Token } from './token.js';

/** The beginning of JSON text: an object, an array or a string. */
const JSON_TEXT = /^\s*[{["]/;

/**
 * Returns a token with parameters of its login's callback as extra fields. A field of the token response takes precedence. JSON
 * text is not kept: it is usually personal data of the user, such as Apple's `user`, and not needed to use the token.
 */
export function withCallbackFields<Token extends OAuth1Token | OAuth2Token>(
  token: Token,
  callback: Readonly<Record<string, string>>,
): Token {
  const kept = Object.entries(callback).filter(([, value]) => !JSON_TEXT.test(value));
  return { ...extraFields(Object.fromEntries(kept), RESERVED.oauth2), ...token };
}

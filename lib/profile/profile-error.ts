import { OAuthError, type OAuthErrorOptions } from '../errors/oauth.errors.js';
import type { OAuth1Token, OAuth2Token } from '../token/token.js';

/**
 * The user's profile could not be read. The login itself succeeded: `token` is the user's token. Status 502.
 */
export class ProfileError extends OAuthError {
  readonly #token: OAuth1Token | OAuth2Token;

  constructor(options: OAuthErrorOptions & { token: OAuth1Token | OAuth2Token }) {
    super('profile_failed', { status: 502, ...options });
    this.#token = options.token;
  }

  /** The user's token. A getter, so that a logger does not print it. */
  get token(): OAuth1Token | OAuth2Token {
    return this.#token;
  }
}

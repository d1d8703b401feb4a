import { OAuthError } from '../../errors/oauth.errors.js';
import { sha256 } from '../../common/sha256.js';
import { randomText } from '../../common/random-text.js';

/** 43 to 128 unreserved characters (RFC 7636 §4.1). */
const CODE_VERIFIER = /^[A-Za-z0-9\-._~]{43,128}$/;

/**
 * Returns the code verifier of a login: the passed code verifier, or a new one with 256 random bits.
 * @throws {OAuthError} `invalid_code_verifier` (status 500) when the passed code verifier is not valid (RFC 7636 §4.1)
 */
export function codeVerifierFor(given: unknown): string {
  if (given === undefined) return randomText();
  if (typeof given === 'string' && CODE_VERIFIER.test(given)) return given;
  throw new OAuthError('invalid_code_verifier', {
    description:
      'the codeVerifier is not valid; expected 43 to 128 characters from A-Z a-z 0-9 - . _ ~ (RFC 7636 §4.1). Omit it to use ' +
      'a random value',
    status: 500,
  });
}

/** Returns the S256 code challenge (RFC 7636 §4.2). */
export function codeChallenge(codeVerifier: string): string {
  return sha256(codeVerifier);
}

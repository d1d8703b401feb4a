import { OAuthError } from '../../errors/oauth.errors.js';
import { sha256 } from '../../common/sha256.js';
import { randomText } from '../wire/random-text.js';

/** RFC 7636 §4.1: 43 to 128 unreserved characters. */
const CODE_VERIFIER = /^[A-Za-z0-9\-._~]{43,128}$/;

/**
 * The code verifier of one login: the one passed in, or a new one of 256 random bits.
 * @throws {OAuthError} `invalid_code_verifier` (status 500) when the one passed in is not of RFC 7636 §4.1
 */
export function codeVerifierFor(given: unknown): string {
  if (given === undefined) return randomText();
  if (typeof given === 'string' && CODE_VERIFIER.test(given)) return given;
  throw new OAuthError('invalid_code_verifier', {
    description: 'a code verifier has 43 to 128 characters out of A-Z a-z 0-9 - . _ ~ (RFC 7636 §4.1)',
    status: 500,
  });
}

/** The S256 code challenge (RFC 7636 §4.2). */
export function codeChallenge(codeVerifier: string): string {
  return sha256(codeVerifier);
}

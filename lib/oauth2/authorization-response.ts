import { OAuthError } from '../oauth.errors.js';
import { knowsIssuer, type Provider } from './provider.js';

/** What an authorisation response may bring (RFC 6749 §4.1.2, RFC 9207). */
export const AUTHORIZATION_RESPONSE = ['code', 'state', 'iss', 'error', 'error_description', 'error_uri'] as const;
export type AuthorizationResponse = Partial<Record<(typeof AUTHORIZATION_RESPONSE)[number], string>>;

/**
 * The code of an authorisation response whose state was found (RFC 6749 §4.1.2). Where the issuer is known, an `iss` must
 * be it (RFC 9207).
 * @throws {OAuthError} `invalid_request` when there is no code, or the answer is another provider's
 */
export function authorizationCode(provider: Provider, response: AuthorizationResponse): string {
  const { code, iss } = response;
  if (!code) throw new OAuthError('invalid_request', { description: 'the callback has no "code" parameter' });
  const { issuer, authorization_response_iss_parameter_supported: required } = provider.server;
  if (knowsIssuer(provider) && (iss !== undefined || required) && iss !== issuer) {
    throw new OAuthError('invalid_request', {
      description: `the callback was sent by ${iss === undefined ? 'an issuer that does not say who it is' : 'another issuer'}, expected "${issuer}"`,
    });
  }
  return code;
}

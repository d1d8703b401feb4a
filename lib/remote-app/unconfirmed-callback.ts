import { OAuthErrorCode, ProviderError } from '../errors/oauth.errors.js';

/** Returns the error for a request token whose response does not confirm the callback. */
export function unconfirmedCallback(name: string, isConfirmed: false | undefined): ProviderError {
  const expected = 'expected oauth_callback_confirmed=true (RFC 5849 §2.1)';
  return new ProviderError({
    error: OAuthErrorCode.PROVIDER_UNSUPPORTED,
    description:
      isConfirmed === false
        ? `"${name}" did not confirm the callback: the response has another value of oauth_callback_confirmed; ${expected}. ` +
          'Check that the redirect URI is registered with the provider'
        : `"${name}" did not confirm the callback: ${expected}. The provider does not support OAuth 1.0a. For a provider that ` +
          'only supports OAuth 1.0, read about allow_session_fixation in the documentation of OAuth 1 before you set it',
  });
}

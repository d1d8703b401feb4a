/**
 * Error codes of this library, for `OAuthError`. An error that the provider sent has the provider's code, which may be any string.
 */
export const OAuthErrorCode = {
  /** The user or the provider denied the login. */
  ACCESS_DENIED: 'access_denied',
  /** The user did not approve or deny the login on another device in time (RFC 8628 §3.5). */
  EXPIRED_TOKEN: 'expired_token',
  /** The `codeVerifier` does not have the format of RFC 7636 §4.1. */
  INVALID_CODE_VERIFIER: 'invalid_code_verifier',
  /** The provider refused the code or the refresh token (RFC 6749 §5.2). */
  INVALID_GRANT: 'invalid_grant',
  /** A parameter of a login or a logout has the wrong type or size. */
  INVALID_LOGIN_PARAMETER: 'invalid_login_parameter',
  /** The `nonce` is too easy to guess. */
  INVALID_NONCE: 'invalid_nonce',
  /** The redirect URI is missing, or the provider cannot redirect users to it. */
  INVALID_REDIRECT_URI: 'invalid_redirect_uri',
  /** A callback, a logout token, or a request to a route of this library is not valid. */
  INVALID_REQUEST: 'invalid_request',
  /** `returnTo` is not a path on this site. */
  INVALID_RETURN_TO: 'invalid_return_to',
  /** The `state` is too easy to guess. */
  INVALID_STATE: 'invalid_state',
  /** An OAuth 1 access token was requested without a request token. */
  MISSING_REQUEST_TOKEN: 'missing_request_token',
  /** An OAuth 1 callback has no `oauth_verifier`. */
  MISSING_VERIFIER: 'missing_verifier',
  /** An OAuth 1 provider refused the request without a valid problem code. */
  OAUTH_PROBLEM: 'oauth_problem',
  /** A browser prefetched a login or logout route. */
  PREFETCH_REFUSED: 'prefetch_refused',
  /** The client in the URL does not exist, or cannot sign users in. */
  UNKNOWN_PROVIDER: 'unknown_provider',
  /** The `response_type` or `response_mode` of a login is not supported. */
  UNSUPPORTED_RESPONSE_TYPE: 'unsupported_response_type',

  /** The cookies of pending logins are too large for the headers of a request. */
  COOKIE_TOO_LARGE: 'cookie_too_large',
  /** The callback does not match a pending login of this browser. */
  MISMATCHING_STATE: 'mismatching_state',
  /** The call needs the HTTP response, which was not passed. */
  MISSING_RESPONSE: 'missing_response',
  /** The request has no session. */
  MISSING_SESSION: 'missing_session',
  /** The HTTP response was sent before the session or the cookie could be saved. */
  RESPONSE_SENT: 'response_sent',
  /** The session could not be loaded or saved. */
  SESSION_ERROR: 'session_error',
  /** The state store, which keeps pending logins, failed. */
  STATE_STORE_ERROR: 'state_store_error',

  /** The key of a token is not valid. */
  INVALID_TOKEN_KEY: 'invalid_token_key',
  /** The user does not have a token. */
  MISSING_TOKEN: 'missing_token',
  /** Another process is refreshing the token, and did not finish in time. */
  REFRESH_TIMEOUT: 'refresh_timeout',
  /** The token is expired and cannot be refreshed. */
  TOKEN_EXPIRED: 'token_expired',
  /** A token or a token response is not valid. */
  TOKEN_INVALID: 'token_invalid',
  /** The provider no longer accepts the refresh token. */
  TOKEN_REVOKED: 'token_revoked',
  /** The token store failed. */
  TOKEN_STORE_ERROR: 'token_store_error',
  /** A stored token cannot be decrypted. */
  TOKEN_UNREADABLE: 'token_unreadable',
  /** The token type is not supported (RFC 6749 §7.1). */
  UNSUPPORTED_TOKEN_TYPE: 'unsupported_token_type',

  /** The request would have reached a private network, so it was not sent. */
  PRIVATE_ADDRESS: 'private_address',
  /** The URL of the API call has an origin that may not receive the token. */
  UNTRUSTED_ORIGIN: 'untrusted_origin',

  /** The user's profile could not be read after a login. */
  PROFILE_FAILED: 'profile_failed',

  /** `ProviderError`: the connection failed: the host is unknown, or the connection was refused or reset. */
  PROVIDER_UNREACHABLE: 'provider_unreachable',
  /** `ProviderError`: the TLS handshake failed: the certificate is not trusted, or the two sides share no TLS version or cipher. */
  PROVIDER_TLS_FAILED: 'provider_tls_failed',
  /** `ProviderError`: the provider did not respond in time. */
  PROVIDER_TIMEOUT: 'provider_timeout',
  /** `ProviderError`: the response has a status from 500 to 599. */
  PROVIDER_UNAVAILABLE: 'provider_unavailable',
  /** `ProviderError`: the response has the status 429. */
  PROVIDER_RATE_LIMITED: 'provider_rate_limited',
  /** `ProviderError`: the response has another status from 400 to 499. */
  PROVIDER_REFUSED: 'provider_refused',
  /** `ProviderError`: the response is a redirect that was not followed. */
  PROVIDER_REDIRECTED: 'provider_redirected',
  /** `ProviderError`: the response is not valid, or is too large. */
  PROVIDER_ANSWER_INVALID: 'provider_answer_invalid',
  /** `ProviderError`: the provider does not support a feature that the settings require. */
  PROVIDER_UNSUPPORTED: 'provider_unsupported',
  /** `ProviderError`: refreshes of this token or client are paused, so the request was not sent. */
  PROVIDER_PAUSED: 'provider_paused',
  /** `ProviderError`: the request could not be sent, because of an option, an adapter or an interceptor of axios. */
  REQUEST_NOT_SENT: 'request_not_sent',
  /** `ProviderError`: the caller's `AbortSignal` ended the request. */
  REQUEST_CANCELED: 'request_canceled',
  /** `ProviderError`: an unexpected error, which is a bug in this library. */
  UNEXPECTED_ERROR: 'unexpected_error',
  /** `ProviderError`: the cause is unknown. */
  PROVIDER_ERROR: 'provider_error',

  /** The configuration is not valid. */
  INVALID_CONFIGURATION: 'invalid_configuration',
} as const;

/** An error code of this library. */
export type OAuthErrorCode = (typeof OAuthErrorCode)[keyof typeof OAuthErrorCode];

/** The codes of this library and of the specifications. The sender invented any other code. */
const REGISTERED = new Set(
  [
    'invalid_client invalid_scope invalid_target invalid_token insufficient_scope', // RFC 6749, 6750, 8707
    'unauthorized_client unsupported_grant_type', // RFC 6749
    'server_error temporarily_unavailable',
    'login_required consent_required interaction_required account_selection_required', // OpenID Connect Core §3.1.2.6
    'invalid_request_uri invalid_request_object request_not_supported request_uri_not_supported',
    'authorization_pending slow_down', // RFC 8628
    'invalid_dpop_proof use_dpop_nonce', // RFC 9449
    'expired_login_hint_token unknown_user_id missing_user_code invalid_user_code invalid_binding_message', // CIBA
    'transaction_failed',
    'invalid_client_metadata invalid_software_statement unapproved_software_statement', // RFC 7591
    'token_rejected token_used signature_invalid consumer_key_unknown', // OAuth Problem Reporting
    'nonce_used timestamp_refused permission_denied permission_unknown user_refused parameter_absent',
    ...Object.values(OAuthErrorCode),
  ].flatMap((line) => line.split(' ')),
);

/** Codes in the responses to a poll while the user has not decided yet (RFC 8628 §3.5). They are not failures. */
export const PENDING_CODES = ['authorization_pending', 'slow_down'];

/** Returns whether a specification or this library defines an error code. */
export function isRegisteredCode(code: string): boolean {
  return REGISTERED.has(code);
}

/**
 * Codes that this library gives an `OAuthError`. An error of the provider has the provider's own code, which may be any string.
 */
export const OAuthErrorCode = {
  /** The user denied the login, or the provider did. */
  ACCESS_DENIED: 'access_denied',
  /** The user did not decide in time on another device (RFC 8628 §3.5). */
  EXPIRED_TOKEN: 'expired_token',
  /** A `codeVerifier` is not one of RFC 7636 §4.1. */
  INVALID_CODE_VERIFIER: 'invalid_code_verifier',
  /** The provider refused the code or the refresh token (RFC 6749 §5.2). */
  INVALID_GRANT: 'invalid_grant',
  /** A parameter of a login or a logout has the wrong type or size. */
  INVALID_LOGIN_PARAMETER: 'invalid_login_parameter',
  /** A `nonce` could be guessed. */
  INVALID_NONCE: 'invalid_nonce',
  /** The redirect URI is missing, or is not one that the provider can send users back to. */
  INVALID_REDIRECT_URI: 'invalid_redirect_uri',
  /** A callback, a logout token or a request to a route of this library is not valid. */
  INVALID_REQUEST: 'invalid_request',
  /** `returnTo` is not a path of this site. */
  INVALID_RETURN_TO: 'invalid_return_to',
  /** A `state` could be guessed. */
  INVALID_STATE: 'invalid_state',
  /** An OAuth 1 access token was requested without its request token. */
  MISSING_REQUEST_TOKEN: 'missing_request_token',
  /** An OAuth 1 callback has no verifier. */
  MISSING_VERIFIER: 'missing_verifier',
  /** An OAuth 1 provider refused the request without a code of its own. */
  OAUTH_PROBLEM: 'oauth_problem',
  /** A browser loaded a login or logout route before the user followed the link. */
  PREFETCH_REFUSED: 'prefetch_refused',
  /** The route names a client that cannot sign users in. */
  UNKNOWN_PROVIDER: 'unknown_provider',
  /** A login asked for a response that this library does not accept. */
  UNSUPPORTED_RESPONSE_TYPE: 'unsupported_response_type',

  /** The cookies of pending logins do not fit into the headers of a request. */
  COOKIE_TOO_LARGE: 'cookie_too_large',
  /** The callback belongs to no pending login of this browser. */
  MISMATCHING_STATE: 'mismatching_state',
  /** The response of the request is needed, and was not given. */
  MISSING_RESPONSE: 'missing_response',
  /** The request has no session. */
  MISSING_SESSION: 'missing_session',
  /** The response was sent before the session or the cookie could be saved. */
  RESPONSE_SENT: 'response_sent',
  /** The session could not be loaded or saved. */
  SESSION_ERROR: 'session_error',
  /** The storage of pending logins failed. */
  STATE_STORE_ERROR: 'state_store_error',

  /** A token cannot be stored under this key. */
  INVALID_TOKEN_KEY: 'invalid_token_key',
  /** There is no token for the user. */
  MISSING_TOKEN: 'missing_token',
  /** Another process refreshes the token, and did not finish in time. */
  REFRESH_TIMEOUT: 'refresh_timeout',
  /** The token is expired and cannot be refreshed. */
  TOKEN_EXPIRED: 'token_expired',
  /** A token, or the response that should have one, is not valid. */
  TOKEN_INVALID: 'token_invalid',
  /** The provider no longer accepts the refresh token. */
  TOKEN_REVOKED: 'token_revoked',
  /** The token store failed. */
  TOKEN_STORE_ERROR: 'token_store_error',
  /** A stored token cannot be decrypted. */
  TOKEN_UNREADABLE: 'token_unreadable',
  /** The token has a type that was not requested. */
  UNSUPPORTED_TOKEN_TYPE: 'unsupported_token_type',

  /** The request would have reached a private network. */
  PRIVATE_ADDRESS: 'private_address',
  /** The URL is not one of the API, which the token is for. */
  UNTRUSTED_ORIGIN: 'untrusted_origin',

  /** `ProviderError`: there was no connection: an unknown host, a refused or a reset connection. */
  PROVIDER_UNREACHABLE: 'provider_unreachable',
  /** `ProviderError`: there was no TLS connection: a certificate that is not trusted, or a protocol that both sides do not have. */
  PROVIDER_TLS_FAILED: 'provider_tls_failed',
  /** `ProviderError`: no answer came in time. */
  PROVIDER_TIMEOUT: 'provider_timeout',
  /** `ProviderError`: the answer has a status of 500 or more. */
  PROVIDER_UNAVAILABLE: 'provider_unavailable',
  /** `ProviderError`: the answer has the status 429. */
  PROVIDER_RATE_LIMITED: 'provider_rate_limited',
  /** `ProviderError`: the answer has another status from 400 to 499. */
  PROVIDER_REFUSED: 'provider_refused',
  /** `ProviderError`: the answer is a redirect that was not followed. */
  PROVIDER_REDIRECTED: 'provider_redirected',
  /** `ProviderError`: the answer could not be understood, or is too large. */
  PROVIDER_ANSWER_INVALID: 'provider_answer_invalid',
  /** `ProviderError`: the provider does not offer what the settings need. */
  PROVIDER_UNSUPPORTED: 'provider_unsupported',
  /** `ProviderError`: the refreshes of this token or client are paused, so no request was sent. */
  PROVIDER_PAUSED: 'provider_paused',
  /** `ProviderError`: the request could not be sent: an option, an adapter or an interceptor of axios is at fault. */
  REQUEST_NOT_SENT: 'request_not_sent',
  /** `ProviderError`: the caller's `AbortSignal` ended the request. */
  REQUEST_CANCELED: 'request_canceled',
  /** `ProviderError`: an error that no check of this library foresaw: a bug of this library. */
  UNEXPECTED_ERROR: 'unexpected_error',
  /** `ProviderError`: nothing is known about the cause. */
  PROVIDER_ERROR: 'provider_error',

  /** The configuration cannot work. */
  INVALID_CONFIGURATION: 'invalid_configuration',
} as const;

/** One of the codes of this library. */
export type OAuthErrorCode = (typeof OAuthErrorCode)[keyof typeof OAuthErrorCode];

/** The codes of this library and those that specifications register. Any other code was made up by its sender. */
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

/** Answers to a poll until the user has decided (RFC 8628 §3.5): they are not failures. */
export const PENDING_CODES = ['authorization_pending', 'slow_down'];

/** Whether a specification, or this library, defines an error code. */
export function isRegisteredCode(code: string): boolean {
  return REGISTERED.has(code);
}

import { ProviderErrorCode } from './provider-error-code.js';

/** Codes that the specifications register, and this library's own. Any other code was made up by its sender. */
const REGISTERED = new Set(
  [
    'invalid_request invalid_client invalid_grant invalid_scope invalid_target invalid_token insufficient_scope', // RFC 6749, 6750, 8707
    'unauthorized_client unsupported_grant_type unsupported_response_type access_denied', // RFC 6749
    'server_error temporarily_unavailable',
    'login_required consent_required interaction_required account_selection_required', // OpenID Connect Core §3.1.2.6
    'invalid_request_uri invalid_request_object request_not_supported request_uri_not_supported',
    'authorization_pending slow_down expired_token', // RFC 8628
    'invalid_dpop_proof use_dpop_nonce', // RFC 9449
    'expired_login_hint_token unknown_user_id missing_user_code invalid_user_code invalid_binding_message', // CIBA
    'transaction_failed',
    'invalid_redirect_uri invalid_client_metadata invalid_software_statement unapproved_software_statement', // RFC 7591
    'unsupported_token_type', // RFC 7009, and ours
    'token_expired token_rejected token_used token_revoked signature_invalid consumer_key_unknown', // OAuth Problem Reporting
    'nonce_used timestamp_refused permission_denied permission_unknown user_refused parameter_absent oauth_problem',
    'invalid_configuration mismatching_state missing_request_token missing_token token_invalid',
    'invalid_code_verifier invalid_return_to missing_session missing_verifier session_error unknown_provider',
    'untrusted_origin refresh_timeout token_store_error invalid_token_key token_unreadable',
    'cookie_too_large missing_response response_sent state_store_error private_address',
    'invalid_state invalid_nonce invalid_login_parameter prefetch_refused',
    ...Object.values(ProviderErrorCode),
  ].flatMap((line) => line.split(' ')),
);

/** Answers to a poll until the user has decided (RFC 8628 §3.5): they are not failures. */
export const PENDING_CODES = ['authorization_pending', 'slow_down'];

/** Whether a specification, or this library, defines an error code. */
export function isRegisteredCode(code: string): boolean {
  return REGISTERED.has(code);
}

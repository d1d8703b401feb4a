import { isRegisteredCode } from './error-codes.js';
import { OAuthErrorCode } from './error-codes.js';

/** Sentences for the user, by error code. */
const BY_CODE: Record<string, string> = {
  access_denied: 'The sign-in was canceled.',
  consent_required: 'The provider needs your consent. Please sign in again.',
  expired_token: 'The sign-in took too long. Please start again.',
  invalid_return_to: 'The link that started this sign-in is not valid.',
  login_required: 'The provider asks you to sign in again.',
  mismatching_state:
    'This sign-in was not started in this browser, has expired, or was already used. Please start again.',
  prefetch_refused: 'This page cannot be loaded ahead of time. Please open it again.',
  permission_denied: 'The sign-in was canceled.',
  unknown_provider: 'There is no such sign-in provider.',
  user_refused: 'The sign-in was canceled.',
  [OAuthErrorCode.PROVIDER_UNREACHABLE]: 'The sign-in provider cannot be reached. Please try again later.',
  [OAuthErrorCode.PROVIDER_TLS_FAILED]: 'The sign-in provider cannot be reached securely. Please try again later.',
  [OAuthErrorCode.PROVIDER_UNAVAILABLE]: 'The sign-in provider is not available at the moment. Please try again later.',
  [OAuthErrorCode.PROVIDER_RATE_LIMITED]: 'The sign-in provider has too many requests. Please try again later.',
  [OAuthErrorCode.PROVIDER_PAUSED]: 'The sign-in provider is not available at the moment. Please try again later.',
  [OAuthErrorCode.PROVIDER_REFUSED]: 'The sign-in provider did not accept the request. Please try again later.',
  [OAuthErrorCode.PROVIDER_UNSUPPORTED]: 'Something went wrong. Please try again later.',
  [OAuthErrorCode.REQUEST_NOT_SENT]: 'Something went wrong. Please try again later.',
  [OAuthErrorCode.REQUEST_CANCELED]: 'The request was canceled.',
  [OAuthErrorCode.UNEXPECTED_ERROR]: 'Something went wrong. Please try again later.',
};

/** Sentences for all other codes, by HTTP status. */
const BY_STATUS: Record<number, string> = {
  400: 'The request was not accepted. Please start again.',
  401: 'Please sign in again.',
  403: 'The sign-in was refused.',
  404: 'There is no such page.',
  502: 'The sign-in provider did not answer as expected. Please try again later.',
  503: 'The service is not available at the moment. Please try again later.',
  504: 'The sign-in provider did not answer in time. Please try again later.',
};

const FALLBACK = 'Something went wrong. Please try again later.';

/** Returns the sentence that an end user may read. It does not name a server, and does not quote anything. */
export function sentenceFor(code: string, status: number): string {
  return (Object.hasOwn(BY_CODE, code) ? BY_CODE[code] : BY_STATUS[status]) ?? FALLBACK;
}

/** Returns the code that a browser may read: the error's code if it is registered, or else a general code for the status. */
export function publicCode(code: string, status: number): string {
  if (isRegisteredCode(code)) return code;
  return status >= 500 ? OAuthErrorCode.PROVIDER_ERROR : 'invalid_request';
}

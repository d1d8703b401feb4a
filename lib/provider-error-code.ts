/** Codes of a `ProviderError` for which the provider gave none, each for one cause. */
export const ProviderErrorCode = {
  /** There was no connection: an unknown host, a refused or a reset connection. */
  UNREACHABLE: 'provider_unreachable',
  /** There was no TLS connection: a certificate that is not trusted, or a protocol that both sides do not have. */
  TLS_FAILED: 'provider_tls_failed',
  /** No answer came in time. */
  TIMEOUT: 'provider_timeout',
  /** The answer has a status of 500 or more. */
  UNAVAILABLE: 'provider_unavailable',
  /** The answer has the status 429. */
  RATE_LIMITED: 'provider_rate_limited',
  /** The answer has another status from 400 to 499. */
  REFUSED: 'provider_refused',
  /** The answer is a redirect that was not followed. */
  REDIRECTED: 'provider_redirected',
  /** The answer could not be understood, or is too large. */
  INVALID_ANSWER: 'provider_answer_invalid',
  /** The provider does not offer what the settings need. */
  UNSUPPORTED: 'provider_unsupported',
  /** The refreshes of this token or client are paused, so no request was sent. */
  PAUSED: 'provider_paused',
  /** The request could not be sent: an option, an adapter or an interceptor of axios is at fault. */
  NOT_SENT: 'request_not_sent',
  /** The caller's `AbortSignal` ended the request. */
  CANCELED: 'request_canceled',
  /** An error that no check of this library foresaw: a bug of this library. */
  UNEXPECTED: 'unexpected_error',
  /** Nothing is known about the cause. */
  UNKNOWN: 'provider_error',
} as const;

/** What is known about a failure. */
interface Failure {
  /** HTTP status of the provider's answer, where there was one. */
  answered?: number;
  /** HTTP status of the error. */
  status?: number;
  /** The error of the HTTP client. */
  cause?: unknown;
}

/** Returns the code for a failure without a code of the provider's own. */
export function providerErrorCode({ answered, status, cause }: Failure): string {
  if (answered !== undefined) return codeOfStatus(answered);
  if (status === 504) return ProviderErrorCode.TIMEOUT;
  const { code, message } = (cause ?? {}) as { code?: unknown; message?: unknown };
  if (message === 'stream has been aborted') return ProviderErrorCode.UNREACHABLE; // in the middle of the answer
  return typeof code === 'string' ? codeOfCause(code) : ProviderErrorCode.UNKNOWN;
}

function codeOfStatus(status: number): string {
  if (status === 429) return ProviderErrorCode.RATE_LIMITED;
  if (status >= 500 && status <= 599) return ProviderErrorCode.UNAVAILABLE;
  if (status >= 400 && status <= 499) return ProviderErrorCode.REFUSED;
  return status >= 300 && status <= 399 ? ProviderErrorCode.REDIRECTED : ProviderErrorCode.INVALID_ANSWER;
}

/** Codes of axios, Node's parser of HTTP, OpenSSL, and the operating system; connections have the most. */
function codeOfCause(code: string): string {
  if (code === 'ERR_CANCELED') return ProviderErrorCode.CANCELED;
  if (/^(ECONNABORTED|E?TIMEDOUT|UND_ERR_.*TIMEOUT)$/.test(code)) return ProviderErrorCode.TIMEOUT;
  if (code === 'ERR_FR_TOO_MANY_REDIRECTS') return ProviderErrorCode.REDIRECTED;
  if (/^(ERR_BAD_RESPONSE$|HPE_|Z_)/.test(code)) return ProviderErrorCode.INVALID_ANSWER;
  if (/CERT|SSL|TLS|SIGNATURE|^EPROTO$/.test(code)) return ProviderErrorCode.TLS_FAILED;
  return /^ERR_(?!NETWORK|STREAM|SOCKET)/.test(code) ? ProviderErrorCode.NOT_SENT : ProviderErrorCode.UNREACHABLE;
}

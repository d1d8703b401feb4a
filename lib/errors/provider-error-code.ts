import { fieldsOf } from '../common/fields-of.js';
import { OAuthErrorCode } from './error-codes.js';

/** The details of a failure from which its code follows. */
interface Failure {
  /** HTTP status of the provider's response, if there was one. */
  answered?: number;
  /** HTTP status of the error. */
  status?: number;
  /** The error of the HTTP client. */
  cause?: unknown;
}

/** Returns the code for a failure for which the provider sent no code. */
export function providerErrorCode({ answered, status, cause }: Failure): string {
  if (answered !== undefined) return codeOfStatus(answered);
  if (status === 504) return OAuthErrorCode.PROVIDER_TIMEOUT;
  const { code, message } = fieldsOf(cause);
  if (message === 'stream has been aborted') return OAuthErrorCode.PROVIDER_UNREACHABLE; // the connection ended in the middle of the response
  return typeof code === 'string' ? codeOfCause(code) : OAuthErrorCode.PROVIDER_ERROR;
}

function codeOfStatus(status: number): string {
  if (status === 429) return OAuthErrorCode.PROVIDER_RATE_LIMITED;
  if (status >= 500 && status <= 599) return OAuthErrorCode.PROVIDER_UNAVAILABLE;
  if (status >= 400 && status <= 499) return OAuthErrorCode.PROVIDER_REFUSED;
  return status >= 300 && status <= 399 ? OAuthErrorCode.PROVIDER_REDIRECTED : OAuthErrorCode.PROVIDER_ANSWER_INVALID;
}

/** Maps codes of axios, Node's HTTP parser, OpenSSL and the operating system. Most of them are connection errors. */
function codeOfCause(code: string): string {
  if (code === 'ERR_CANCELED') return OAuthErrorCode.REQUEST_CANCELED;
  if (/^(ECONNABORTED|E?TIMEDOUT|UND_ERR_.*TIMEOUT)$/.test(code)) return OAuthErrorCode.PROVIDER_TIMEOUT;
  if (code === 'ERR_FR_TOO_MANY_REDIRECTS') return OAuthErrorCode.PROVIDER_REDIRECTED;
  if (/^(ERR_BAD_RESPONSE$|HPE_|Z_)/.test(code)) return OAuthErrorCode.PROVIDER_ANSWER_INVALID;
  if (/CERT|SSL|TLS|SIGNATURE|^EPROTO$/.test(code)) return OAuthErrorCode.PROVIDER_TLS_FAILED;
  return /^ERR_(?!NETWORK|STREAM|SOCKET)/.test(code)
    ? OAuthErrorCode.REQUEST_NOT_SENT
    : OAuthErrorCode.PROVIDER_UNREACHABLE;
}

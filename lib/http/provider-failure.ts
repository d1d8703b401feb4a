import { AxiosError, isAxiosError, type AxiosRequestConfig } from 'axios';
import { errorTextOf } from '../errors/error-text.js';
import { OAuthError, ProviderError, OAuthErrorCode, type ProviderAnswer } from '../errors/oauth.errors.js';
import { withoutQuery } from './query.js';
import { PUBLIC_HEADERS } from './redirect.js';

const TIMEOUTS = ['ECONNABORTED', 'ETIMEDOUT'];
const TOO_LARGE_ADVICE = ". For an API call, use responseType: 'stream' or increase maxContentLength";

/**
 * Returns the error for a failed request. Keeps only the method, the URL without its query, and the code, because the error of
 * the HTTP client contains credentials (in its headers, body, config and socket).
 * @param secrets further values that are redacted in the response's error text
 */
export function providerFailure(
  failure: unknown,
  method: string,
  url: string,
  { isLate = false, secrets = [] }: { isLate?: boolean; secrets?: readonly string[] } = {},
): OAuthError {
  if (failure instanceof OAuthError) return failure;
  const target = `${method.toUpperCase()} ${withoutQuery(url)}`;
  if (!isAxiosError(failure)) {
    if (isLate) return overdue(target);
    const code = failure instanceof Error ? ((failure as NodeJS.ErrnoException).code ?? failure.name) : typeof failure;
    return new ProviderError({
      error: OAuthErrorCode.REQUEST_NOT_SENT,
      description: `${target} could not be sent (${code}). Check the options, the adapter and the interceptors of axios`,
    });
  }
  const cause = new AxiosError(withoutUrls(failure.message), failure.code);
  cause.stack = undefined;
  if (failure.response) {
    const { status, headers } = failure.response;
    const data: unknown = failure.response.data;
    const answer: ProviderAnswer = { status, headers: Object.fromEntries(Object.entries(headers)), data };
    const detail = errorTextOf(data, [...secretsOf(failure.config), ...secrets]);
    return new ProviderError({ description: `${target} was answered with status ${status}`, detail, answer, cause });
  }
  if (isLate || TIMEOUTS.includes(failure.code ?? '')) return overdue(target, cause);
  const [, limit] = /^maxContentLength size of (\d+) exceeded/.exec(failure.message) ?? [];
  const why = limit === undefined ? (failure.code ?? 'no connection') : `the answer is larger than ${limit} bytes`;
  return new ProviderError({
    description: `${target} failed (${why})${limit === undefined ? '' : TOO_LARGE_ADVICE}`,
    cause,
  });
}

function overdue(target: string, cause?: AxiosError): ProviderError {
  return new ProviderError({
    description: `${target} was not answered in time. Check the provider, or increase the timeout of the request`,
    status: 504,
    cause,
  });
}

/** Names of parameters whose values are secrets, such as `access_token`, `api_key` and `oauth_signature`. */
const SECRET_PARAMETER = /token|key|secret|signature|password|assertion|code/i;

/** Returns the values of a request that are redacted in the response's error text. */
function secretsOf({ headers, url = '', data, auth }: AxiosRequestConfig = {}): string[] {
  const sent = Object.entries(headers ?? {}).filter(([name]) => !PUBLIC_HEADERS.includes(name.toLowerCase()));
  const values = sent.flatMap(([, value]) => [String(value), ...String(value).split(/[\s,;="]+/)]);
  const forms = [URL.canParse(url) ? new URL(url).search : '', typeof data === 'string' ? data.slice(0, 100_000) : ''];
  const parameters = forms.flatMap((form) => [...new URLSearchParams(form)]);
  const secrets = parameters.flatMap(([name, value]) => (SECRET_PARAMETER.test(name) ? [value] : []));
  return [...values, ...secrets, auth?.password ?? ''];
}

function withoutUrls(message: string): string {
  return message.replace(/https?:\/\/\S+/g, '(url)');
}

import { AxiosError } from 'axios';
import { OAuthError, ProviderError, type ProviderAnswer } from '../oauth.errors.js';

const TIMEOUTS = ['ECONNABORTED', 'ETIMEDOUT'];

/**
 * What is told of a request that failed. The HTTP client's error carries credentials (headers, body, config, the socket's
 * own copy of them), so of it only the method, the URL without its query, and the code are kept.
 */
export function providerFailure(failure: unknown, method: string, url: string, timedOut = false): OAuthError {
  if (failure instanceof OAuthError) return failure;
  const target = `${method.toUpperCase()} ${withoutQuery(url)}`;
  if (!(failure instanceof AxiosError)) {
    const code = failure instanceof Error ? ((failure as NodeJS.ErrnoException).code ?? failure.name) : typeof failure;
    return new ProviderError({ description: `${target} could not be sent (${code})` });
  }
  const cause = new AxiosError(withoutUrls(failure.message), failure.code);
  cause.stack = undefined;
  if (failure.response) {
    const { status, headers } = failure.response;
    const data: unknown = failure.response.data;
    const answer: ProviderAnswer = { status, headers: Object.fromEntries(Object.entries(headers)), data };
    return new ProviderError({ description: `${target} was answered with status ${status}`, answer, cause });
  }
  return timedOut || TIMEOUTS.includes(failure.code ?? '')
    ? new ProviderError({ description: `${target} was not answered in time`, status: 504, cause })
    : new ProviderError({ description: `${target} failed (${failure.code ?? 'no connection'})`, cause });
}

function withoutQuery(url: string): string {
  return URL.canParse(url) ? new URL(url).origin + new URL(url).pathname : url.replace(/[?#].*/s, '');
}

function withoutUrls(message: string): string {
  return message.replace(/https?:\/\/\S+/g, '(url)');
}

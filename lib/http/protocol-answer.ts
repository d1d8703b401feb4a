import type { AxiosResponse } from 'axios';
import { OAuthErrorCode, ProviderError } from '../errors/oauth.errors.js';

/** Limit for the response of an endpoint, in bytes. */
const MAX_ANSWER = 1024 * 1024;

/** axios options for a response of the protocol: the body stays a string, and redirects are not followed. */
export const PLAIN_ANSWER = {
  maxRedirects: 0,
  maxContentLength: MAX_ANSWER,
  responseType: 'text',
  transformResponse: (data: unknown) => data,
} as const;

/** A response with any status, before it is validated. */
export interface ProtocolAnswer {
  status: number;
  /** Header names in lower case. */
  headers: Record<string, string>;
  text: string;
}

/**
 * Returns a response with any final status.
 * @throws {ProviderError} when the status is not from 200 to 599 (RFC 9110 §15), because `Response` does not support it
 */
export function protocolAnswer({ status, headers, data }: AxiosResponse<string>): ProtocolAnswer {
  if (status < 200 || status > 599) {
    throw new ProviderError({
      error: OAuthErrorCode.PROVIDER_ANSWER_INVALID,
      description: `the provider responded with status ${status}; expected a status from 200 to 599. Check the URL of the endpoint`,
    });
  }
  return { status, headers: flatten(headers), text: data };
}

function flatten(headers: object): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]));
}

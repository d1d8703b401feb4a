import axios, { type AxiosAdapter, type AxiosInstance, type AxiosResponse } from 'axios';
import { ProviderError, OAuthErrorCode } from '../errors/oauth.errors.js';
import { sendPooled, transportBy } from './connections.js';
import { Deadline } from './deadline.js';
import { providerFailure } from './provider-failure.js';

/** Limit for the response of an endpoint, in bytes. */
const MAX_ANSWER = 1024 * 1024;

/** axios options for a response of the protocol: the body stays a string, and redirects are not followed. */
export const PLAIN_ANSWER = {
  maxRedirects: 0,
  maxContentLength: MAX_ANSWER,
  responseType: 'text',
  transformResponse: (data: unknown) => data,
} as const;

export interface ProtocolRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body?: string;
  /** Whether the request does not change anything at the provider, so that it may be sent again. @default false */
  isRepeatable?: boolean;
}

/** A response with any status, before it is validated. */
export interface ProtocolAnswer {
  status: number;
  /** Header names in lower case. */
  headers: Record<string, string>;
  text: string;
}

/**
 * Sends a request of the protocol (tokens, metadata) and returns the response. Does not follow redirects, refuses a response
 * over 1 MiB, and waits for the whole response no longer than the client's timeout. A request that is not repeatable uses a new
 * connection: if the server closed a pooled connection during the request, the code or the refresh token would be lost.
 * @throws {ProviderError} when there is no response
 */
export async function sendProtocolRequest(http: AxiosInstance, request: ProtocolRequest): Promise<ProtocolAnswer> {
  const { method, url, headers, body } = request;
  const deadline = new Deadline(http.defaults.timeout, http.defaults.signal);
  const { timeout } = deadline;
  const config = {
    adapter: protocolAdapter(http, request),
    method,
    url,
    headers,
    data: body,
    ...PLAIN_ANSWER,
    timeout,
    transformRequest: (data: unknown) => data,
    validateStatus: () => true,
  };
  try {
    return protocolAnswer(await deadline.run((signal) => http.request<string>({ ...config, signal })));
  } catch (failure) {
    throw providerFailure(failure, method, url, { isLate: deadline.isOver });
  }
}

function protocolAdapter(
  { defaults }: AxiosInstance,
  { headers, isRepeatable = false }: ProtocolRequest,
): AxiosAdapter {
  const transport = transportBy(axios.getAdapter(defaults.adapter));
  return (config) => {
    const { authorization } = headers;
    const sent = authorization === undefined ? config : { ...config, auth: undefined }; // `auth` would replace the header
    return isRepeatable ? sendPooled(true, (connection) => transport(sent, connection)) : transport(sent, 'new');
  };
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

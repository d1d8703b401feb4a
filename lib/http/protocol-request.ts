import axios, { type AxiosAdapter, type AxiosInstance, type AxiosResponse } from 'axios';
import { ProviderError, OAuthErrorCode } from '../errors/oauth.errors.js';
import { sendPooled, transportBy } from './connections.js';
import { Deadline } from './deadline.js';
import { providerFailure } from './provider-failure.js';

/** Largest answer that an endpoint may give, in bytes. */
const MAX_ANSWER = 1024 * 1024;

/** How axios reads such an answer: as the text that it is, without following it elsewhere. */
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
  /** Whether the request changes nothing at the provider, and may be sent again. @default false */
  isRepeatable?: boolean;
}

/** An answer of any status, unread. */
export interface ProtocolAnswer {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  text: string;
}

/**
 * Sends a request of the protocol itself (tokens, metadata): no redirect is followed, an answer over 1 MiB is refused, and
 * the whole of it must arrive within the client's timeout. A request that cannot be repeated has a connection of its own,
 * because a code or a refresh token is lost when the server closes a connection that was kept open.
 * @throws {ProviderError} when no answer comes
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
    throw providerFailure(failure, method, url, deadline.isOver);
  }
}

function protocolAdapter(
  { defaults }: AxiosInstance,
  { headers, isRepeatable = false }: ProtocolRequest,
): AxiosAdapter {
  const transport = transportBy(axios.getAdapter(defaults.adapter));
  return (config) => {
    const { authorization } = headers;
    const sent = authorization === undefined ? config : { ...config, auth: undefined }; // axios would replace the header
    return isRepeatable ? sendPooled(true, (connection) => transport(sent, connection)) : transport(sent, 'new');
  };
}

/**
 * Reads an answer of any final status.
 * @throws {ProviderError} when its status is not one of HTTP (RFC 9110 §15): `Response` cannot hold it
 */
export function protocolAnswer({ status, headers, data }: AxiosResponse<string>): ProtocolAnswer {
  if (status < 200 || status > 599) {
    throw new ProviderError({
      error: OAuthErrorCode.PROVIDER_ANSWER_INVALID,
      description: `the provider responded with status ${status}; expected a status from 200 to 599`,
    });
  }
  return { status, headers: flatten(headers), text: data };
}

function flatten(headers: object): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]));
}

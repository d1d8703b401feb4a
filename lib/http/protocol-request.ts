import axios, { type AxiosAdapter, type AxiosInstance } from 'axios';
import { sendPooled, transportBy } from './connections.js';
import { Deadline } from './deadline.js';
import { PLAIN_ANSWER, protocolAnswer, type ProtocolAnswer } from './protocol-answer.js';
import { providerFailure } from './provider-failure.js';

export interface ProtocolRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body?: string;
  /** Whether the request does not change anything at the provider, so that it may be sent again. @default false */
  isRepeatable?: boolean;
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

import { Readable } from 'node:stream';
import axios, {
  AxiosHeaders,
  type AxiosAdapter,
  type AxiosInstance,
  type AxiosRequestConfig,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
} from 'axios';
import type { ProtectedRequest } from './messages.js';
import { isSafeMethod, sendPooled, transportBy, type Connection, type Transport } from './connections.js';
import { Deadline } from './deadline.js';
import { answerLimit, withoutCertificate } from './http-client.js';
import { providerFailure } from './provider-failure.js';
import { isPublicOnly } from './public-network.js';
import { anonymous, isStream, redirected, REDIRECTS } from './redirect.js';

/** How an API call gets its token. */
export interface Credentials {
  /** Origins that may see the token. */
  readonly origins: ReadonlySet<string>;
  /** Puts the token, or a signature, into a request that goes to one of those origins. */
  authorize(request: ProtectedRequest): ProtectedRequest | Promise<ProtectedRequest>;
  /** Receives every answer after which the request is not sent again. */
  learn?(url: string, answer: ApiAnswer): void;
  /** Renews what an answer with status 401 refuses. Returns whether to send the request again; `false` after some tries. */
  renew?(answer: ApiAnswer, url: string): boolean | Promise<boolean>;
}

/** The credentials of a client, which says which origins may see them. */
export type ApiCredentials = Omit<Credentials, 'origins'>;

/** What of an answer tells whether the request is to be sent again. */
export interface ApiAnswer {
  /** Names in lower case. */
  headers: Readonly<Record<string, unknown>>;
}

const MAX_REDIRECTS = 5;

/** One request of a call, and who it goes to. */
interface Hop {
  request: ProtectedRequest;
  /** Whether the call never left for an origin that is not ours. */
  isOurs: boolean;
  isFirstOrigin: boolean;
  mayRedirect: boolean;
}

/**
 * Sends an API call. The credentials are added at the last moment, in the adapter of axios: what was signed is what leaves.
 * Each redirect is authorized again for its own URL. Once a redirect leads to an origin that is neither the first nor one of
 * the credentials, nothing of ours goes with the call any longer, wherever it is redirected then.
 * @throws {ProviderError} for an answer that `validateStatus` refuses, or for none within the timeout of the whole call
 */
export async function sendApiRequest<T>(
  http: AxiosInstance,
  config: AxiosRequestConfig & { method: string; url: string },
  credentials?: Credentials,
): Promise<AxiosResponse<T>> {
  const transport = transportBy(
    axios.getAdapter(isPublicOnly(http) ? http.defaults.adapter : (config.adapter ?? http.defaults.adapter)),
  );
  const deadline = new Deadline(config.timeout ?? http.defaults.timeout, config.signal ?? http.defaults.signal);
  const limits = { timeout: deadline.timeout, maxContentLength: answerLimit(http, config) };
  try {
    return await deadline.run((signal) =>
      http.request<T>({ ...config, ...limits, signal, adapter: authorizingAdapter(transport, credentials) }),
    );
  } catch (failure) {
    throw providerFailure(failure, config.method, config.url, deadline.isOver);
  }
}

function authorizingAdapter(transport: Transport, credentials: Credentials | undefined): AxiosAdapter {
  return async (config) => {
    let request = outgoingRequest(config);
    const firstOrigin = new URL(request.url).origin;
    let isOurs = true;
    for (let redirectsLeft = config.maxRedirects ?? MAX_REDIRECTS; ; redirectsLeft--) {
      const { origin } = new URL(request.url);
      const isFirstOrigin = origin === firstOrigin;
      isOurs &&= isFirstOrigin || credentials?.origins.has(origin) === true;
      request = isOurs ? request : anonymous(request);
      const hop = { request, isOurs, isFirstOrigin, mayRedirect: redirectsLeft > 0 };
      const response = await sendHop(transport, config, hop, credentials);
      const location: unknown = response.headers.location;
      if (redirectsLeft <= 0 || !REDIRECTS.includes(response.status) || typeof location !== 'string') {
        return { ...response, config, request: undefined }; // the transport's own config and socket hold the credentials
      }
      if (response.data instanceof Readable) response.data.destroy(); // of `responseType: 'stream'`: nobody reads it
      request = redirected(request, response.status, location);
    }
  };
}

async function sendHop(
  transport: Transport,
  config: InternalAxiosRequestConfig,
  { request, isOurs, isFirstOrigin, mayRedirect }: Hop,
  given: Credentials | undefined,
): Promise<AxiosResponse> {
  const credentials = isOurs && given?.origins.has(new URL(request.url).origin) ? given : undefined;
  const sendOn = async (connection: Connection): Promise<AxiosResponse> => {
    const { method, url, headers, data } = credentials ? await credentials.authorize(request) : request;
    const carriesToken = credentials !== undefined && headers.authorization !== undefined;
    const sent = {
      ...config,
      method,
      url,
      headers: AxiosHeaders.from(headers),
      data,
      auth: isOurs && isFirstOrigin && !carriesToken ? config.auth : undefined, // axios would replace the token's header
      httpsAgent: isOurs ? (config.httpsAgent as unknown) : withoutCertificate(config.httpsAgent),
      baseURL: undefined,
      params: undefined,
      maxRedirects: 0,
      validateStatus: (status: number) =>
        (mayRedirect && REDIRECTS.includes(status)) || (config.validateStatus?.(status) ?? true),
    };
    return transport(sent, connection);
  };
  const isRepeatable = isSafeMethod(request.method) && !isStream(request.data);
  const send = (): Promise<AxiosResponse> => sendPooled(isRepeatable, sendOn);
  return credentials ? sendWhileRenewed(send, request, credentials) : send();
}

/** Sends a request, and again while its credentials are renewed and its body can be sent again. */
async function sendWhileRenewed(
  send: () => Promise<AxiosResponse>,
  { url, data }: ProtectedRequest,
  credentials: Credentials,
): Promise<AxiosResponse> {
  for (;;) {
    try {
      const answer = await send();
      if (!(await isRenewed(answer, url, data, credentials))) return answer;
    } catch (failure) {
      const answer = axios.isAxiosError(failure) ? failure.response : undefined;
      if (!(await isRenewed(answer, url, data, credentials))) throw failure;
    }
  }
}

/** Whether the request is to be sent again, with credentials that were renewed. */
async function isRenewed(
  answer: AxiosResponse | undefined,
  url: string,
  sent: unknown,
  credentials: Credentials,
): Promise<boolean> {
  if (!answer || (answer.status !== 401 && !credentials.learn)) return false;
  const headers = lowerCased(answer.headers);
  if (answer.status === 401 && !isStream(sent) && (await credentials.renew?.({ headers }, url))) {
    if (answer.data instanceof Readable) answer.data.destroy();
    return true;
  }
  credentials.learn?.(url, { headers });
  return false;
}

function lowerCased(headers: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value as unknown]));
}

/** The request as axios made it up: parameters in the URL, body encoded, header names in lower case. */
function outgoingRequest(config: InternalAxiosRequestConfig): ProtectedRequest {
  const { method = 'get', url, baseURL, paramsSerializer, headers } = config;
  const params: unknown = config.params;
  const data: unknown = config.data;
  const isWhole = params === undefined && baseURL === undefined;
  const uri = isWhole ? (url ?? '') : axios.getUri({ url, baseURL, params, paramsSerializer });
  const named = Object.entries(headers.toJSON()).map(([name, value]) => [name.toLowerCase(), String(value)]);
  return {
    method: method.toUpperCase(),
    url: new URL(uri).href,
    headers: Object.fromEntries(named) as Record<string, string>,
    data,
  };
}

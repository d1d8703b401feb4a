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
import { answerLimit, withoutCertificate } from './axios-instance.js';
import { providerFailure } from './provider-failure.js';
import { isPublicOnly } from './public-network.js';
import { anonymous, isStream, redirected, REDIRECTS } from './redirect.js';

/** The credentials of an API call. */
export interface Credentials {
  /** Origins that may receive the token. */
  readonly origins: ReadonlySet<string>;
  /** Adds the token or a signature to a request for one of those origins. */
  authorize(request: ProtectedRequest): ProtectedRequest | Promise<ProtectedRequest>;
  /** Returns the tokens, which are redacted in errors. */
  secrets?(): readonly string[];
  /** Receives every response after which the request is not sent again. */
  learn?(url: string, answer: ApiAnswer): void;
  /** Renews credentials that a response with status 401 refused. Returns whether to send the request again; `false` ends the retries. */
  renew?(answer: ApiAnswer, url: string): boolean | Promise<boolean>;
}

/** Credentials without their origins, which the client adds. */
export type ApiCredentials = Omit<Credentials, 'origins'>;

/** The part of a response that decides whether the request is sent again. */
export interface ApiAnswer {
  /** Header names in lower case. */
  headers: Readonly<Record<string, unknown>>;
}

const MAX_REDIRECTS = 5;
/** Encodes parameters. The defaults of axios, which are merged into every configuration, are already in that of a request. */
const WITHOUT_DEFAULTS = new axios.Axios({});

/** One request of a call: the first request, or a redirect. */
interface Hop {
  request: ProtectedRequest;
  /** Whether this request and all requests before it went to the first origin or to an origin of the credentials. */
  isTrusted: boolean;
  isFirstOrigin: boolean;
  mayRedirect: boolean;
}

/**
 * Sends an API call. Adds the credentials in the adapter of axios, so that the signed request is sent unchanged. Authorizes
 * each redirect again for its URL. After a redirect to an origin that is neither the first origin nor one of the credentials,
 * the call has no credentials, cookies and custom headers, and later redirects do not restore them.
 * @throws {ProviderError} when `validateStatus` refuses the response, or when the whole call takes longer than the timeout
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
    throw providerFailure(failure, config.method, config.url, {
      isLate: deadline.isOver,
      secrets: credentials?.secrets?.(),
    });
  }
}

function authorizingAdapter(transport: Transport, credentials: Credentials | undefined): AxiosAdapter {
  return async (config) => {
    let request = outgoingRequest(config);
    let { origin } = new URL(request.url);
    const firstOrigin = origin;
    let isTrusted = true;
    for (let redirectsLeft = config.maxRedirects ?? MAX_REDIRECTS; ; redirectsLeft--) {
      const isFirstOrigin = origin === firstOrigin;
      const mayHaveToken = credentials?.origins.has(origin) === true;
      isTrusted &&= isFirstOrigin || mayHaveToken;
      request = isTrusted ? request : anonymous(request);
      const hop = { request, isTrusted, isFirstOrigin, mayRedirect: redirectsLeft > 0 };
      const response = await sendHop(transport, config, hop, isTrusted && mayHaveToken ? credentials : undefined);
      const location: unknown = response.headers.location;
      if (redirectsLeft <= 0 || !REDIRECTS.includes(response.status) || typeof location !== 'string') {
        return { ...response, config, request: undefined }; // the transport's config and socket contain the credentials
      }
      if (response.data instanceof Readable) response.data.destroy(); // an unread stream would keep the connection
      request = redirected(request, response.status, location);
      ({ origin } = new URL(request.url));
    }
  };
}

/** @param credentials the credentials of the request's origin */
async function sendHop(
  transport: Transport,
  config: InternalAxiosRequestConfig,
  { request, isTrusted, isFirstOrigin, mayRedirect }: Hop,
  credentials: Credentials | undefined,
): Promise<AxiosResponse> {
  const sendOn = async (connection: Connection): Promise<AxiosResponse> => {
    const { method, url, headers, data } = credentials ? await credentials.authorize(request) : request;
    const carriesToken = credentials !== undefined && headers.authorization !== undefined;
    const sent = {
      ...config,
      method,
      url,
      headers: AxiosHeaders.from(headers),
      data,
      auth: isTrusted && isFirstOrigin && !carriesToken ? config.auth : undefined, // `auth` would replace the token's header
      httpsAgent: isTrusted ? (config.httpsAgent as unknown) : withoutCertificate(config.httpsAgent),
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

/** Sends a request, and sends it again as long as its credentials are renewed and its body can be sent again. */
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

/** Renews the credentials if the response requires this. Returns whether the request must be sent again. */
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

/** Returns the request that axios prepared: parameters in the URL, the body encoded, header names in lower case. */
function outgoingRequest(config: InternalAxiosRequestConfig): ProtectedRequest {
  const { method = 'get', url, baseURL, paramsSerializer, headers } = config;
  const params: unknown = config.params;
  const data: unknown = config.data;
  const isComplete = params === undefined && baseURL === undefined;
  const uri = isComplete ? (url ?? '') : WITHOUT_DEFAULTS.getUri({ url, baseURL, params, paramsSerializer });
  const named = Object.entries(headers.toJSON()).map(([name, value]) => [name.toLowerCase(), String(value)]);
  return {
    method: method.toUpperCase(),
    url: new URL(uri).href,
    headers: Object.fromEntries(named) as Record<string, string>,
    data,
  };
}

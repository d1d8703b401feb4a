import { Readable } from 'node:stream';
import axios, {
  AxiosError,
  AxiosHeaders,
  type AxiosAdapter,
  type AxiosInstance,
  type AxiosRequestConfig,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
} from 'axios';
import type { ProtectedRequest } from '../config/compliance-fix.js';
import { ProviderError } from '../oauth.errors.js';
import { providerFailure } from './provider-failure.js';

/** How an API call gets its token. */
export interface Credentials {
  /** Origins that may see the token. */
  readonly origins: ReadonlySet<string>;
  /** Puts the token, or a signature, into a request that goes to one of those origins. */
  authorize(request: ProtectedRequest): ProtectedRequest | Promise<ProtectedRequest>;
  /** Is told of every answer. */
  learn?(url: string, answer: ApiAnswer): void;
  /** Whether a request that was answered so (status 401) is to be authorised anew, and sent once more. */
  isChallenge?(answer: ApiAnswer): boolean | Promise<boolean>;
}

/** What of an answer tells whether the request is to be sent again. */
export interface ApiAnswer {
  /** Names in lower case. */
  headers: Readonly<Record<string, unknown>>;
}

const REDIRECTS = [301, 302, 303, 307, 308];
const MAX_REDIRECTS = 5;
/** What does not follow a redirect to another origin, whoever set it. */
const PRIVATE_HEADERS = ['authorization', 'cookie', 'proxy-authorization'];

/**
 * Sends an API call. The credentials are put in at the last moment, in axios' adapter: what was signed is what leaves. Each
 * redirect is authorised anew for its own URL, and one to another origin goes without credentials.
 * @throws {ProviderError} for an answer that `validateStatus` refuses, or for none
 */
export async function sendApiRequest<T>(
  http: AxiosInstance,
  config: AxiosRequestConfig & { method: string; url: string },
  credentials?: Credentials,
): Promise<AxiosResponse<T>> {
  const transport = axios.getAdapter(config.adapter ?? http.defaults.adapter);
  try {
    return await http.request<T>({ ...config, adapter: authorizingAdapter(transport, credentials) });
  } catch (failure) {
    throw providerFailure(failure, config.method, config.url, isOverdue(config.signal));
  }
}

/** Whether a signal of `AbortSignal.timeout()` has ended a call. */
function isOverdue(signal: AxiosRequestConfig['signal']): boolean {
  const { reason } = (signal ?? {}) as { reason?: unknown };
  return (reason as { name?: unknown } | undefined)?.name === 'TimeoutError';
}

function authorizingAdapter(transport: AxiosAdapter, credentials: Credentials | undefined): AxiosAdapter {
  return async (config) => {
    let request = outgoingRequest(config);
    const { origin } = new URL(request.url);
    for (let redirectsLeft = config.maxRedirects ?? MAX_REDIRECTS; ; redirectsLeft--) {
      const response = await sendOnce(transport, config, request, origin, redirectsLeft > 0, credentials);
      const location: unknown = response.headers.location;
      if (redirectsLeft <= 0 || !REDIRECTS.includes(response.status) || typeof location !== 'string') {
        return { ...response, config, request: undefined }; // the transport's own config and socket hold the credentials
      }
      if (response.data instanceof Readable) response.data.destroy(); // of `responseType: 'stream'`: nobody reads it
      request = redirected(request, response.status, location);
    }
  };
}

async function sendOnce(
  transport: AxiosAdapter,
  config: InternalAxiosRequestConfig,
  request: ProtectedRequest,
  firstOrigin: string,
  mayRedirect: boolean,
  credentials: Credentials | undefined,
): Promise<AxiosResponse> {
  const { origin } = new URL(request.url);
  const bare = origin === firstOrigin ? request : withoutPrivateHeaders(request);
  const isTrusted = credentials?.origins.has(origin) === true;
  const send = async (): Promise<AxiosResponse> => {
    const { method, url, headers, data } = isTrusted ? await credentials.authorize(bare) : bare;
    return transport({
      ...config,
      method,
      url,
      headers: AxiosHeaders.from(headers),
      data,
      auth: origin === firstOrigin ? config.auth : undefined,
      baseURL: undefined,
      params: undefined,
      maxRedirects: 0,
      validateStatus: (status) =>
        (mayRedirect && REDIRECTS.includes(status)) || (config.validateStatus?.(status) ?? true),
    });
  };
  return isTrusted ? sendTwiceIfChallenged(send, bare, credentials) : send();
}

/** Sends a request, and once more when its answer asks for that and its body can be sent again. */
async function sendTwiceIfChallenged(
  send: () => Promise<AxiosResponse>,
  { url, data }: ProtectedRequest,
  credentials: Credentials,
): Promise<AxiosResponse> {
  try {
    const answer = await send();
    return (await isChallenge(answer, url, data, credentials)) ? await send() : answer;
  } catch (failure) {
    if (failure instanceof AxiosError && (await isChallenge(failure.response, url, data, credentials))) return send();
    throw failure;
  }
}

async function isChallenge(
  answer: AxiosResponse | undefined,
  url: string,
  sent: unknown,
  credentials: Credentials,
): Promise<boolean> {
  if (!answer || (answer.status !== 401 && !credentials.learn)) return false;
  const headers = lowerCased(answer.headers);
  credentials.learn?.(url, { headers });
  if (answer.status !== 401 || isStream(sent) || !(await credentials.isChallenge?.({ headers }))) return false;
  if (answer.data instanceof Readable) answer.data.destroy();
  return true;
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

/** The request that a redirect asks for (RFC 9110 §15.4): 307 and 308 keep method and body, the others become a GET. */
function redirected(
  { method, url, headers, data }: ProtectedRequest,
  status: number,
  location: string,
): ProtectedRequest {
  const target = URL.canParse(location, url) ? new URL(location, url) : undefined;
  if (target?.protocol !== 'https:' && target?.protocol !== 'http:') {
    throw new ProviderError({ description: 'the API redirected to something that is not an http or https URL' });
  }
  if (status === 307 || status === 308 || method === 'GET' || method === 'HEAD') {
    if (isStream(data)) {
      throw new ProviderError({ description: `the API answered ${status}, but a stream cannot be sent twice` });
    }
    return { method, url: target.href, headers, data };
  }
  const kept = Object.entries(headers).filter(([name]) => !name.startsWith('content-'));
  return { method: 'GET', url: target.href, headers: Object.fromEntries(kept), data: undefined };
}

/** Not only Node's own: multipart bodies of axios' making are streams of another kind. */
function isStream(data: unknown): boolean {
  return typeof (data as { pipe?: unknown } | undefined)?.pipe === 'function';
}

function withoutPrivateHeaders(request: ProtectedRequest): ProtectedRequest {
  const headers = Object.entries(request.headers).filter(([name]) => !PRIVATE_HEADERS.includes(name));
  return { ...request, headers: Object.fromEntries(headers) };
}

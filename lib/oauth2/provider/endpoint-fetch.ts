import type { AxiosInstance } from 'axios';
import type { OAuth2ClientConfig } from '../../config/client-config.js';
import type { EndpointRequest, TokenEndpointResponse } from '../../http/messages.js';
import { callApplication } from '../../config/application-function.js';
import { sendProtocolRequest, type ProtocolAnswer } from '../../http/protocol-request.js';
import { OAuthError } from '../../errors/oauth.errors.js';
import { parseFields } from '../wire/json.js';
import { sentValues } from './sent-values.js';

/** Characters of a header's value (RFC 9110 §5.5); `Headers` throws an error at others. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** `fetch`, as `oauth4webapi` asks for it. */
export type EndpointFetch = (url: string, init: EndpointFetchInit) => Promise<Response>;
interface EndpointFetchInit {
  method: string;
  headers: Record<string, string>;
  body?: unknown;
}

/** Functions that change a request to one endpoint, and read its response. The compliance hooks run in them. */
export interface EndpointHooks {
  method?: string;
  request?: (request: EndpointRequest) => EndpointRequest | Promise<EndpointRequest>;
  response?: (response: TokenEndpointResponse) => Response | Promise<Response>;
}

/** Returns a `fetch` over the client's axios instance: it authenticates with the client's custom method, if there is one, and calls the hooks. */
export function endpointFetch(
  http: AxiosInstance,
  config: OAuth2ClientConfig,
  hooks: EndpointHooks = {},
): EndpointFetch {
  return async (url, init) => {
    let request: EndpointRequest = {
      url,
      headers: ownHeaders(init.headers),
      body: new URLSearchParams(init.body as URLSearchParams),
    };
    const authenticate = config.compliance.clientAuthMethods.get(config.tokenEndpointAuthMethod);
    if (authenticate && init.method === 'POST') {
      const [unauthenticated, { clientId, clientSecret }] = [request, config];
      const method = `client_kwargs.token_endpoint_auth_method: "${config.tokenEndpointAuthMethod}"`;
      request = await callApplication(method, () => authenticate(unauthenticated, { clientId, clientSecret }));
    }
    if (hooks.request) request = await hooks.request(request);
    const answer = await send(http, hooks.method ?? init.method, request);
    try {
      return await read(answer, hooks.response);
    } catch (error) {
      throw error instanceof OAuthError ? error.redact(sentValues(request)) : error;
    }
  };
}

/** Returns a `fetch` over the client's axios instance without authentication and without hooks on the request. */
export function plainFetch(http: AxiosInstance, response?: EndpointHooks['response']): EndpointFetch {
  return async (url, { method, headers, body }) => {
    const json = typeof body === 'string' ? body : undefined;
    return read(await sendProtocolRequest(http, { method, url, headers: ownHeaders(headers), body: json }), response);
  };
}

/** The headers without the name of the library that made them: the `User-Agent` is the one of the axios defaults. */
function ownHeaders({ 'user-agent': _, ...headers }: Record<string, string>): Record<string, string> {
  return headers;
}

function read(answer: ProtocolAnswer, response: EndpointHooks['response']): Response | Promise<Response> {
  return response ? response(withData(answer)) : toResponse(answer);
}

function send(http: AxiosInstance, method: string, { url, headers, body }: EndpointRequest): Promise<ProtocolAnswer> {
  if (method === 'POST') return sendProtocolRequest(http, { method, url, headers, body: body.toString() });
  const target = new URL(url);
  for (const [name, value] of body) target.searchParams.append(name, value);
  const { 'content-type': _, ...bodyless } = headers;
  return sendProtocolRequest(http, { method, url: target.href, headers: bodyless });
}

/** An answer as the compliance hooks receive it; one that is not a JSON object has no `data`. */
export function withData(answer: ProtocolAnswer): TokenEndpointResponse {
  return { ...answer, data: parseFields(answer.text) };
}

/** The part of an answer that its checks read. */
function toResponse({ status, headers, text }: ProtocolAnswer): Response {
  const kept = ['content-type', 'www-authenticate', 'cache-control'].flatMap((name) => {
    const value = headers[name];
    return value !== undefined && HEADER_VALUE.test(value) ? [[name, value] as [string, string]] : [];
  });
  const bodyless = status === 204 || status === 205 || status === 304;
  return new Response(bodyless ? null : text, { status, headers: Object.fromEntries(kept) });
}

/** Returns a response that compliance hooks may have changed: the body is `data`, if that is an object with fields. */
export function responseAfterHooks(answer: TokenEndpointResponse): Response {
  const isObject = Object.keys(answer.data).length > 0;
  return toResponse({ ...answer, text: isObject ? JSON.stringify(answer.data) : answer.text });
}

/** An answer whose JSON was read already: writing it only to parse it again would be half the cost of a token's checks. */
export function jsonResponse(data: Record<string, unknown>, status = 200): Response {
  const response = new Response(null, { status, headers: { 'content-type': 'application/json' } });
  return Object.assign(response, { json: () => Promise.resolve(data) });
}

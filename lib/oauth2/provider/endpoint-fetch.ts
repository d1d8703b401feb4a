import type { AxiosInstance } from 'axios';
import type { OAuth2ClientConfig } from '../../config/client-config.js';
import type { EndpointRequest, TokenEndpointResponse } from '../../http/messages.js';
import { callApplication } from '../../config/application-function.js';
import { sendProtocolRequest, type ProtocolAnswer } from '../../http/protocol-request.js';
import { OAuthError } from '../../oauth.errors.js';
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

/** What happens to one kind of request on its way to the provider and back; the compliance hooks run here. */
export interface Passage {
  method?: string;
  request?: (request: EndpointRequest) => EndpointRequest | Promise<EndpointRequest>;
  response?: (response: TokenEndpointResponse) => Response | Promise<Response>;
}

/** A `fetch` over the client's axios instance: authenticates with the client's own method, if it has one, and mends. */
export function endpointFetch(http: AxiosInstance, config: OAuth2ClientConfig, passage: Passage = {}): EndpointFetch {
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
    if (passage.request) request = await passage.request(request);
    const answer = await send(http, passage.method ?? init.method, request);
    try {
      return await read(answer, passage.response);
    } catch (error) {
      throw error instanceof OAuthError ? error.redact(sentValues(request)) : error;
    }
  };
}

/** A `fetch` over the client's axios instance, of what needs no authentication and has no hooks. */
export function plainFetch(http: AxiosInstance, response?: Passage['response']): EndpointFetch {
  return async (url, { method, headers, body }) => {
    const json = typeof body === 'string' ? body : undefined;
    return read(await sendProtocolRequest(http, { method, url, headers: ownHeaders(headers), body: json }), response);
  };
}

/** The headers without the name of the library that made them: the `User-Agent` is the one of the axios defaults. */
function ownHeaders({ 'user-agent': _, ...headers }: Record<string, string>): Record<string, string> {
  return headers;
}

function read(answer: ProtocolAnswer, response: Passage['response']): Response | Promise<Response> {
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

/** The same of an answer that hooks may have mended: what is in `data` counts, where it was an object. */
export function mendedResponse(answer: TokenEndpointResponse): Response {
  const isObject = Object.keys(answer.data).length > 0;
  return toResponse({ ...answer, text: isObject ? JSON.stringify(answer.data) : answer.text });
}

/** An answer whose JSON was read already: writing it only to parse it again would be half the cost of a token's checks. */
export function jsonResponse(data: Record<string, unknown>, status = 200): Response {
  const response = new Response(null, { status, headers: { 'content-type': 'application/json' } });
  return Object.assign(response, { json: () => Promise.resolve(data) });
}

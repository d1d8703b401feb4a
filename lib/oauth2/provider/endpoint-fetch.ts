import type { OAuth2ClientConfig } from '../../config/client-config.js';
import type { TokenRequestSettings } from '../../config/wire-settings.js';
import type { EndpointRequest, TokenEndpointResponse } from '../../http/messages.js';
import { callApplication } from '../../config/application-function.js';
import type { HttpClient } from '../../http/http-client.js';
import type { ProtocolAnswer } from '../../http/protocol-answer.js';
import { OAuthError } from '../../errors/oauth.errors.js';
import { parseFields } from '../wire/json.js';
import { sentValues } from './sent-values.js';
import { formatted, headerSecrets } from './token-request-format.js';

/** Characters of a header's value (RFC 9110 §5.5). `Headers` throws for any other character. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** The `fetch` function that `oauth4webapi` requires. */
export type EndpointFetch = (url: string, init: EndpointFetchInit) => Promise<Response>;
interface EndpointFetchInit {
  method: string;
  headers: Record<string, string>;
  body?: unknown;
}

/** Functions that change the request to an endpoint and read its response. They run the compliance hooks. */
export interface EndpointHooks {
  /** How a token request differs from the specification. It is applied after the hooks. @default a form POST */
  format?: TokenRequestSettings;
  request?: (request: EndpointRequest) => EndpointRequest | Promise<EndpointRequest>;
  response?: (response: TokenEndpointResponse) => Response | Promise<Response>;
}

/** Returns a `fetch` that uses the client's HTTP client. It applies the client's custom authentication method, and calls the hooks. */
export function endpointFetch(http: HttpClient, config: OAuth2ClientConfig, hooks: EndpointHooks = {}): EndpointFetch {
  return async (url, init) => {
    let request: EndpointRequest = {
      url,
      headers: withoutUserAgent(init.headers),
      body: new URLSearchParams(init.body as URLSearchParams),
    };
    const authenticate = config.compliance.clientAuthMethods.get(config.tokenEndpointAuthMethod);
    if (authenticate && init.method === 'POST') {
      const [unauthenticated, { clientId, clientSecret }] = [request, config];
      const method = `client_kwargs.token_endpoint_auth_method: "${config.tokenEndpointAuthMethod}"`;
      request = await callApplication(method, () => authenticate(unauthenticated, { clientId, clientSecret }));
    }
    if (hooks.request) request = await hooks.request(request);
    const { format = {} } = hooks;
    const answer = await http.sendProtocolRequest(formatted(request, format, config));
    try {
      return await read(answer, hooks.response);
    } catch (error) {
      const secrets = [...sentValues(request), ...headerSecrets(format, config)];
      throw error instanceof OAuthError ? error.redact(secrets) : error;
    }
  };
}

/** Returns a `fetch` that uses the client's HTTP client, without authentication and without a request hook. */
export function plainFetch(http: HttpClient, response?: EndpointHooks['response']): EndpointFetch {
  return async (url, { method, headers, body }) => {
    const json = typeof body === 'string' ? body : undefined;
    return read(
      await http.sendProtocolRequest({ method, url, headers: withoutUserAgent(headers), body: json }),
      response,
    );
  };
}

/** Removes the `User-Agent` of `oauth4webapi`, so that the `User-Agent` of the axios defaults is sent. */
function withoutUserAgent({ 'user-agent': _, ...headers }: Record<string, string>): Record<string, string> {
  return headers;
}

function read(answer: ProtocolAnswer, response: EndpointHooks['response']): Response | Promise<Response> {
  return response ? response(withData(answer)) : toResponse(answer);
}

/** Returns a response for the compliance hooks. Its `data` is empty if the body is not a JSON object. */
export function withData(answer: ProtocolAnswer): TokenEndpointResponse {
  return { ...answer, data: parseFields(answer.text) };
}

/** Converts a response to a `Response` with the headers that `oauth4webapi` reads. */
function toResponse({ status, headers, text }: ProtocolAnswer): Response {
  const kept = ['content-type', 'www-authenticate', 'cache-control'].flatMap((name) => {
    const value = headers[name];
    return value !== undefined && HEADER_VALUE.test(value) ? [[name, value] as [string, string]] : [];
  });
  const bodyless = status === 204 || status === 205 || status === 304;
  return new Response(bodyless ? null : text, { status, headers: Object.fromEntries(kept) });
}

/** Returns the response after the compliance hooks: its body is `data`, or the unchanged body if `data` is empty. */
export function responseAfterHooks(answer: TokenEndpointResponse): Response {
  const isObject = Object.keys(answer.data).length > 0;
  return toResponse({ ...answer, text: isObject ? JSON.stringify(answer.data) : answer.text });
}

/** Returns a `Response` with parsed JSON. Parsing the JSON again would double the time of a token's validation. */
export function jsonResponse(data: Record<string, unknown>, status = 200): Response {
  const response = new Response(null, { status, headers: { 'content-type': 'application/json' } });
  return Object.assign(response, { json: () => Promise.resolve(data) });
}

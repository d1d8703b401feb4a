import type { TokenRequestSettings } from '../../config/wire-settings.js';
import type { EndpointRequest } from '../../http/messages.js';
import type { ProtocolRequest } from '../../http/protocol-request.js';
import { renameParameters } from '../wire/parameter-names.js';

interface Credentials {
  readonly clientId: string;
  readonly clientSecret?: string;
}

/** Returns the HTTP method of a request in this format. */
export function methodOf({ format }: TokenRequestSettings): 'GET' | 'POST' {
  return format === 'query' ? 'GET' : 'POST';
}

/** Returns a token request as the provider expects it: with its parameter names, in its format, with its additional headers. */
export function formatted(
  { url, headers, body }: EndpointRequest,
  settings: TokenRequestSettings,
  client: Credentials,
): ProtocolRequest {
  const parameters = renameParameters([...body], settings.parameterNames);
  const sent = { ...additionalHeaders(settings, client), ...headers };
  switch (settings.format) {
    case 'query':
      return { method: 'GET', url: withParameters(url, parameters), headers: withoutContentType(sent) };
    case 'json': {
      const json = { ...sent, 'content-type': 'application/json' };
      return { method: 'POST', url, headers: json, body: jsonObject(parameters) };
    }
    default:
      return { method: 'POST', url, headers: sent, body: new URLSearchParams(parameters).toString() };
  }
}

/** Returns the values of the additional headers that errors must not repeat. */
export function headerSecrets(settings: TokenRequestSettings, client: Credentials): string[] {
  const { clientId, clientSecret = '' } = client;
  return [...Object.values(additionalHeaders(settings, client)).filter((value) => value !== clientId), clientSecret];
}

function additionalHeaders({ headers = {} }: TokenRequestSettings, client: Credentials): Record<string, string> {
  const { clientId, clientSecret = '' } = client;
  const credentials: Record<string, string> = { '{client_id}': clientId, '{client_secret}': clientSecret };
  const filled = (value: string): string =>
    value.replace(/\{client_(?:id|secret)\}/g, (name) => credentials[name] ?? name);
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), filled(value)]));
}

/** Returns parameters as a JSON object. A repeated parameter becomes an array. */
function jsonObject(parameters: [name: string, value: string][]): string {
  const values = new Map<string, string[]>();
  for (const [name, value] of parameters) values.set(name, [...(values.get(name) ?? []), value]);
  const fields = Array.from(values, ([name, all]) => [name, all.length === 1 ? all[0] : all] as const);
  return JSON.stringify(Object.fromEntries(fields));
}

function withParameters(url: string, parameters: [name: string, value: string][]): string {
  const target = new URL(url);
  for (const [name, value] of parameters) target.searchParams.append(name, value);
  return target.href;
}

function withoutContentType({ 'content-type': _, ...headers }: Record<string, string>): Record<string, string> {
  return headers;
}

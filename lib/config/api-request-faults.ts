import { isFramingHeader } from './http-options.js';
import { isRecord } from './is-record.js';
import type { Protocol, Settings } from './setting-keys.js';
import { snakeCase } from './snake-case.js';

/** Headers that any server may receive, or that belong to the token itself. They cannot contain a token. */
const NOT_FOR_TOKENS = /^(accept(-.*)?|user-agent|content-.*|dpop|cookie|referer|origin)$/i;

/** Returns the faults of `api_request` and `token_api_base_url` that the schema cannot find. */
export function apiRequestFaults(
  protocol: Protocol,
  { apiRequest, tokenApiBaseUrl, clientId, clientKwargs }: Settings,
): string[] {
  return [
    ...(isRecord(apiRequest) ? requestFaults(protocol, apiRequest, { clientId, clientKwargs }) : []),
    ...(isRecord(tokenApiBaseUrl) ? baseUrlFaults(tokenApiBaseUrl) : []),
  ];
}

function requestFaults(protocol: Protocol, apiRequest: Settings, { clientId, clientKwargs }: Settings): string[] {
  const { headers, tokenScheme, tokenHeader, tokenParameter } = apiRequest;
  const tokenKeys = Object.keys({ tokenScheme, tokenHeader, tokenParameter }).filter((key) => key in apiRequest);
  if (protocol === 'OAuth 1' && tokenKeys.length > 0) {
    return tokenKeys.map(
      (key) => `api_request.${snakeCase(key)}: belongs to OAuth 2; OAuth 1 signs its requests. Remove it`,
    );
  }
  const placement = isRecord(clientKwargs) ? (clientKwargs.tokenPlacement ?? 'header') : 'header';
  const faults: string[] = [];
  if (typeof tokenHeader === 'string' && (isFramingHeader(tokenHeader) || NOT_FOR_TOKENS.test(tokenHeader))) {
    faults.push('api_request.token_header: expected a header that only the API receives, such as X-Access-Token');
  }
  if (tokenHeader !== undefined && tokenScheme !== undefined) {
    faults.push('api_request.token_scheme: token_header sends the token without a scheme. Remove one of them');
  }
  if (placement !== 'header' && (tokenHeader ?? tokenScheme) !== undefined) {
    faults.push('api_request: token_header and token_scheme need client_kwargs.token_placement: header');
  }
  const sendsClientId =
    isRecord(headers) && Object.values(headers).some((value) => String(value).includes('{client_id}'));
  if (sendsClientId && typeof clientId === 'string' && !/^[\x21-\x7e]*$/.test(clientId)) {
    faults.push('api_request.headers: client_id has characters that a header cannot contain');
  }
  return faults;
}

function baseUrlFaults({ hosts, path }: Settings): string[] {
  return [
    ...(Array.isArray(hosts) && hosts.length === 0
      ? ['token_api_base_url.hosts: empty; list the hosts of the API']
      : []),
    ...(typeof path === 'string' && !/^[\w./~-]*$/.test(path)
      ? ['token_api_base_url.path: expected a path such as /services/data/v60.0']
      : []),
  ];
}

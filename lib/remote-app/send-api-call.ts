import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import type { ApiCredentials } from '../http/api-request.js';
import type { TokenSlot } from '../refresh/token-slot.js';
import type { OAuth1Token, OAuth2Token } from '../token/token.js';
import { apiTarget, apiUrl, dependsOnToken, requireApiOrigin, tracedCall, type ApiTarget } from './api-call.js';
import type { ApiRequestOptions } from './api-options.js';
import type { AppParts } from './app-parts.js';

/** The token of a call, and how it is sent: the part that depends on the protocol. */
export interface ApiCallSigner<Token extends OAuth1Token | OAuth2Token> {
  usableToken(slot: TokenSlot): Promise<Token>;
  credentialsOf(token: Token, slot: TokenSlot): ApiCredentials;
  /** Returns the credentials of a call without a token. Undefined if such a call has none. */
  clientCredentials(): ApiCredentials | undefined;
}

interface ApiCall {
  method: string;
  url: string;
  options: ApiRequestOptions;
}

/** Sends an API call with the token that its options select. */
export async function sendApiCall<T, Token extends OAuth1Token | OAuth2Token = OAuth1Token | OAuth2Token>(
  parts: AppParts,
  signer: ApiCallSigner<Token>,
  call: ApiCall,
): Promise<AxiosResponse<T>> {
  const { config, http, slots } = parts;
  const { method, url, options } = call;
  const { withToken = true, withholdToken = false } = options;
  if (withToken && !withholdToken && dependsOnToken(config, url)) return sendToTokenUrl(parts, signer, call);
  const target = apiUrl(config, url);
  const origins = config.apiOrigins;
  return tracedCall(config.name, method, target, async () => {
    const request = axiosRequest(parts, call, { url: target, origins });
    const signature = withToken ? undefined : signer.clientCredentials();
    if (withholdToken || (!withToken && !signature)) return http.sendApiRequest<T>(request);
    requireApiOrigin(config.name, target, origins);
    if (signature) return http.sendApiRequest<T>(request, { origins, ...signature });
    const slot = await slots.find(options);
    const credentials = signer.credentialsOf(await signer.usableToken(slot), slot);
    return http.sendApiRequest<T>(request, { origins, ...credentials });
  });
}

/** Sends a call whose base URL is a field of the user's token (`tokenApiBaseUrl`). */
async function sendToTokenUrl<T, Token extends OAuth1Token | OAuth2Token>(
  parts: AppParts,
  signer: ApiCallSigner<Token>,
  call: ApiCall,
): Promise<AxiosResponse<T>> {
  const { config, http, slots } = parts;
  const slot = await slots.find(call.options);
  const token = await signer.usableToken(slot);
  const target = apiTarget(config, call.url, token);
  const credentials = { origins: target.origins, ...signer.credentialsOf(token, slot) };
  const request = axiosRequest(parts, call, target);
  return tracedCall(config.name, call.method, target.url, () => http.sendApiRequest<T>(request, credentials));
}

/** The options of a call that are not options of axios. */
const OWN_OPTIONS = new Set(['token', 'request', 'user', 'withToken', 'withholdToken']);

/** Returns the axios options of a call. The client's headers are sent only to origins that may receive the token. */
function axiosRequest(
  { apiHeaders }: AppParts,
  { method, options }: ApiCall,
  { url, origins }: ApiTarget,
): AxiosRequestConfig & { method: string; url: string } {
  const config = Object.fromEntries(Object.entries(options).filter(([name]) => !OWN_OPTIONS.has(name)));
  const { headers } = config as AxiosRequestConfig;
  const request = Object.assign(config, { method, url: url.href });
  if (!apiHeaders || !origins.has(url.origin)) return request;
  const given = Object.keys(headers ?? {}).map((name) => name.toLowerCase());
  const added = Object.entries(apiHeaders).filter(([name]) => !given.includes(name));
  return { ...request, headers: Object.assign(Object.fromEntries(added), headers) };
}

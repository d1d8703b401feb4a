import assert from 'node:assert/strict';
import type { ApiRequestSettings, ProfileRequest, ProfileSettings } from 'nestjs-oauth-client/protocol';
import type { Received, Reply } from './internet.js';
import { checkHeaders, filled } from './wire.js';

/** The client that calls the API, and how it must send the token. */
export interface Caller {
  clientId: string;
  clientSecret: string;
  accessToken: string;
  placement: 'header' | 'uri' | 'body';
  apiRequest: ApiRequestSettings;
}

/** Checks a request of a profile, and returns its answer. */
export function checkProfileRequest(
  request: Received,
  { requests = [] }: ProfileSettings,
  caller: Caller,
  answers: ReadonlyMap<string, unknown>,
): Reply | undefined {
  const found = requests.find(({ url }) => fill(url, caller) === request.url);
  if (!found) return undefined;
  checkToken(request, found, caller);
  checkParameters(request, found, caller);
  checkHeaders(request, { ...caller.apiRequest.headers, ...found.headers }, { client_id: caller.clientId });
  return { body: answers.get(found.name ?? 'user') };
}

/** The invented answers have this value at every path that is a placeholder. */
const PLACEHOLDER = '123';

/** Fills the placeholders of a request: credentials, and paths in earlier answers. */
function fill(text: string, { clientId, clientSecret, accessToken }: Caller): string {
  const credentials = { client_id: clientId, client_secret: clientSecret, access_token: accessToken };
  return filled(text, credentials).replace(/\{\w+:[^{}]+\}/g, PLACEHOLDER);
}

function checkToken(
  request: Received,
  { token }: ProfileRequest,
  { accessToken, placement, apiRequest }: Caller,
): void {
  const { tokenHeader, tokenScheme = 'Bearer' } = apiRequest;
  const place = token ?? placement;
  if (place === 'none') {
    assert.equal(request.headers.authorization, undefined, 'no token');
    return;
  }
  const inHeader = place === 'header' ? `${tokenScheme} ${accessToken}`.trim() : undefined;
  assert.equal(request.headers.authorization, tokenHeader ? undefined : inHeader, 'the Authorization header');
  if (tokenHeader) assert.equal(request.headers[tokenHeader.toLowerCase()], accessToken, tokenHeader);
}

function checkParameters(
  request: Received,
  { method, query = {}, form, json, token }: ProfileRequest,
  caller: Caller,
): void {
  const { accessToken, placement, apiRequest } = caller;
  const { tokenParameter = 'access_token' } = apiRequest;
  const place = token ?? placement;
  const inUrl = { ...fillAll(query, caller), ...(place === 'uri' && { [tokenParameter]: accessToken }) };
  assert.deepEqual(Object.fromEntries(request.query), inUrl);
  const isPost = method === 'POST' || form !== undefined || json !== undefined;
  assert.equal(request.method, isPost ? 'POST' : 'GET');
  if (json) assert.deepEqual(JSON.parse(request.body), json);
  else if (form || place === 'body') {
    const inBody = {
      ...fillAll(form ?? {}, caller),
      ...(place === 'body' && { [tokenParameter]: accessToken }),
    };
    assert.deepEqual(Object.fromEntries(new URLSearchParams(request.body)), inBody);
  } else assert.equal(request.body, '');
}

function fillAll(parameters: Record<string, string>, caller: Caller): Record<string, string> {
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, fill(value, caller)]));
}

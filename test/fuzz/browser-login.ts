import { createHash } from 'node:crypto';
import { cookiesOf, headerValues, sendRaw, type RawAnswer, type RawRequest } from './raw-request.js';
import { claimsFor, codeFor, PUSHED } from './endpoints.js';
import { jwtOf, type JwtEdits } from './hostile-jwt.js';

/** A login that began in a browser. */
export interface BegunLogin {
  /** The response of the login route: a redirect unless the login failed. */
  answer: RawAnswer | undefined;
  cookie: string;
  /** The parameters of a valid callback. */
  callback: [name: string, value: string][];
  /** The HTTP method of the callback. */
  method: 'GET' | 'POST';
}

/** Begins a login, and builds the callback to which the provider would redirect the browser. */
export async function beginLogin(
  origin: string,
  client: string,
  issuer: string,
  { next = '/account', jwt }: { next?: string; jwt?: JwtEdits } = {},
): Promise<BegunLogin> {
  const target = `/auth/${client}/login?next=${encodeURIComponent(next)}`;
  const answer = await sendRaw(origin, { method: 'GET', target, headers: [['X-Forwarded-Proto', 'https']] });
  const [location = ''] = answer ? headerValues(answer, 'location') : [];
  const asked = requestOf(location);
  const cookie = answer ? cookiesOf(answer) : '';
  const oauthToken = asked.get('oauth_token');
  if (oauthToken !== null) {
    return { answer, cookie, method: 'GET', callback: [['oauth_token', oauthToken], ['oauth_verifier', 'v']] }; // prettier-ignore
  }
  const nonce = asked.get('nonce');
  const [code, state] = [codeFor(nonce), asked.get('state') ?? 'none'];
  if (asked.get('response_mode') === 'jwt') {
    const response = jwtOf(claimsFor(issuer, { code, state }), jwt);
    return { answer, cookie, method: 'GET', callback: [['response', response]] };
  }
  const callback: [string, string][] = [['code', code], ['state', state]]; // prettier-ignore
  if (asked.get('response_type') !== 'code id_token') return { answer, cookie, method: 'GET', callback };
  const claims = { nonce, c_hash: leftHalf(code), s_hash: leftHalf(state) };
  callback.push(['id_token', jwtOf(claimsFor(issuer, claims), jwt)]);
  return { answer, cookie, method: 'POST', callback };
}

/** Returns the request of a callback with these parameters. */
export function callbackRequest(client: string, login: Pick<BegunLogin, 'callback' | 'method' | 'cookie'>): RawRequest {
  const text = new URLSearchParams(login.callback).toString();
  const headers: [string, string][] = [
    ['Cookie', login.cookie],
    ['X-Forwarded-Proto', 'https'],
  ];
  if (login.method === 'GET') return { method: 'GET', target: `/auth/${client}/callback?${text}`, headers };
  headers.push(['Content-Type', 'application/x-www-form-urlencoded']);
  return { method: 'POST', target: `/auth/${client}/callback`, headers, body: text };
}

/** Returns the authorization request to which a login redirected the browser. */
function requestOf(location: string): URLSearchParams {
  if (!URL.canParse(location)) return new URLSearchParams();
  const { searchParams } = new URL(location);
  const pushed = searchParams.get('request_uri');
  return pushed?.startsWith(PUSHED) ? new URLSearchParams(pushed.slice(PUSHED.length)) : searchParams;
}

function leftHalf(text: string): string {
  return createHash('sha256').update(text).digest().subarray(0, 16).toString('base64url');
}

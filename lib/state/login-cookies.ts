import { parseCookie, stringifySetCookie } from 'cookie';
import { nowInSeconds } from '../common/now-in-seconds.js';
import type { OAuthRequest } from '../common/oauth-request.js';
import { OAuthError } from '../errors/oauth.errors.js';
import { addCookie, type OAuthResponse } from './oauth-response.js';
import { digestOf } from './pending-context.js';
import type { Pending, PendingKey } from './state-store.js';

/** Maximum bytes of all login cookies. Node.js responds with 431 to 16 KiB of headers, and there are other cookies too. */
const MAX_TOTAL_BYTES = 8192;
/** Maximum bytes of a cookie, with its attributes, that every browser accepts (RFC 6265 §6.1). */
const MAX_COOKIE_BYTES = 4096;
/** Number of characters of the digest in a cookie's name. */
const DIGEST_LENGTH = 22;
/** Maximum bytes of a cookie's name and time, which are sent with its value. */
const NAME_AND_TIME_BYTES = 50;
/** Browsers accept a cookie with this prefix only over https, without `Domain`, and with `Path=/` (RFC 6265bis §4.1.3.2). */
const HOST_PREFIX = '__Host-';

/** The lifetime and the maximum number of login cookies. */
export interface LoginCookieLimits {
  /** In seconds. */
  lifetime: number;
  /** Maximum number of login cookies in one browser. The oldest are removed first. */
  maxCookies: number;
}

/** A login cookie that the browser sent. */
export interface LoginCookie {
  /** The time at which the cookie was set, in seconds since 1970. The browser can change it. */
  since: number;
  value: string;
  /** Whether the cookie has the `__Host-` prefix, so that neither another host nor an attacker on the network can have set it. */
  secure: boolean;
}

/**
 * Sets the cookie of one login. The browser sends the cookie with the provider's redirect, and on https also with a form that
 * the provider's page posts. Removes the oldest login cookies that exceed the limits.
 * @throws {OAuthError} `cookie_too_large` when the cookie is too large for browsers
 */
export function setLoginCookie(
  request: OAuthRequest,
  response: OAuthResponse,
  key: PendingKey,
  value: string,
  pending: Pending,
  { lifetime, maxCookies }: LoginCookieLimits,
): void {
  const { https } = key;
  const name = cookieName(key, https);
  const cookie = stringifySetCookie({
    name,
    value: `${nowInSeconds()}.${value}`,
    maxAge: lifetime,
    ...attributes(https),
    sameSite: comesByPost(pending) ? (https ? 'none' : undefined) : 'lax',
  });
  if (cookie.length > MAX_COOKIE_BYTES) throw tooLarge(cookie.length);
  const others = loginCookies(request).filter((other) => other.secure === https && other.name !== name);
  for (const old of surplus(others, cookie.length, maxCookies)) addCookie(response, removal(old.name, https));
  addCookie(response, cookie);
}

/**
 * Returns the cookie of a login, if the browser sent it. If the site is known to use https, only a secure cookie is accepted.
 * Otherwise, the secure cookie is preferred, because a proxy may hide that the site uses https.
 */
export function loginCookie(request: OAuthRequest, key: PendingKey): LoginCookie | undefined {
  const cookies = loginCookies(request);
  const find = (https: boolean): LoginCookie | undefined => cookies.find(({ name }) => name === cookieName(key, https));
  return find(true) ?? (key.https ? undefined : find(false));
}

/** Returns whether the browser sent any login cookie. */
export function hasLoginCookies(request: OAuthRequest): boolean {
  return loginCookies(request).length > 0;
}

/** Removes the cookie of a login from the browser. */
export function removeLoginCookie(response: OAuthResponse, key: PendingKey, { secure }: LoginCookie): void {
  addCookie(response, removal(cookieName(key, secure), secure));
}

/**
 * Returns the scheme of a login cookie. It is part of the context of the pending login, so that a cookie which may have been
 * set without TLS is not accepted for a login that was started on https.
 */
export function schemeOf({ secure }: Pick<LoginCookie, 'secure'>): string {
  return secure ? 'https' : 'http';
}

function cookieName(key: PendingKey, https: boolean): string {
  return prefix(https) + digestOf(key).slice(0, DIGEST_LENGTH);
}

function prefix(https: boolean): string {
  return https ? `${HOST_PREFIX}oauth_` : 'oauth_';
}

function loginCookies({ headers }: OAuthRequest): (LoginCookie & { name: string })[] {
  const header = headers?.cookie;
  if (!header) return [];
  return Object.entries(parseCookie(header)).flatMap(([name, text = '']) => {
    const [, since, value = ''] = /^(\d{10})\.([\w.-]+)$/.exec(text) ?? [];
    const secure = name.startsWith(HOST_PREFIX);
    const isLoginCookie = name.startsWith(prefix(secure)) && name.length === prefix(secure).length + DIGEST_LENGTH;
    return isLoginCookie && since !== undefined ? [{ name, since: Number(since), value, secure }] : [];
  });
}

/** Returns the cookies to remove, so that a new cookie of `size` bytes stays within the limits. */
function surplus<C extends LoginCookie>(cookies: C[], size: number, maxCookies: number): C[] {
  let total = size;
  // cookies of the same second keep the order of the browser, which sends the oldest first
  const newestFirst = cookies.sort((a, b) => a.since - b.since).reverse();
  return newestFirst.filter(({ value }, index) => {
    total += value.length + NAME_AND_TIME_BYTES;
    return index >= maxCookies - 1 || total > MAX_TOTAL_BYTES;
  });
}

function removal(name: string, https: boolean): string {
  return stringifySetCookie({ name, value: '', maxAge: 0, ...attributes(https), sameSite: 'lax' });
}

function attributes(https: boolean): { path: string; httpOnly: boolean; secure: boolean } {
  return { path: '/', httpOnly: true, secure: https };
}

/**
 * Returns whether the callback is a form POST from the provider's site, with which browsers do not send a `Lax` cookie. Without
 * https, `SameSite=None` is not possible: some browsers send a cookie without `SameSite`, others only in its first two minutes.
 */
function comesByPost({ checks: { responseMode, responseType } }: Pending): boolean {
  return responseMode?.startsWith('form_post') === true || responseType === 'code id_token';
}

function tooLarge(size: number): OAuthError {
  return new OAuthError('cookie_too_large', {
    description:
      `the login needs a cookie of ${size} bytes; browsers accept at most ${MAX_COOKIE_BYTES} bytes. Shorten \`returnTo\`, ` +
      'or keep logins on the server: in the session or in Redis',
  });
}

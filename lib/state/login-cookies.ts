import { parseCookie, stringifySetCookie } from 'cookie';
import type { OAuthRequest } from '../oauth-request.js';
import { OAuthError } from '../oauth.errors.js';
import { digestOf } from './pending-place.js';
import { responseOf } from './response-of.js';
import type { Pending, PendingKey } from './state-store.js';

/** Seconds that a login with a cookie of its own may take. */
export const COOKIE_LIFETIME = 600;
/** Logins that one browser has pending; the oldest go. */
const MAX_PENDING = 5;
/** Bytes that their cookies have in all. Node.js answers 431 to 16 KiB of headers, and the browser has other cookies too. */
const MAX_TOTAL = 8192;
/** Bytes of a cookie, with its attributes, that every browser takes (RFC 6265 §6.1). */
const MAX_SIZE = 4096;
/** Characters of a digest that a name has. */
const DIGEST_LENGTH = 22;
/** Bytes that a cookie has beside its value, at most. */
const NAME_AND_AGE = 50;

/** A cookie of a login, as the browser sent it. */
export interface LoginCookie {
  /** Seconds since 1970, as far as the browser is to be believed. */
  since: number;
  value: string;
}

/**
 * Gives the browser a cookie for one login. It comes back with the provider's redirect, and by https also with a form that
 * the provider posts. The oldest beyond five go.
 * @throws {OAuthError} `cookie_too_large` when no browser would keep it
 */
export function setLoginCookie(request: OAuthRequest, key: PendingKey, value: string, pending: Pending): void {
  const { https } = key;
  const name = cookieName(key);
  const cookie = stringifySetCookie({
    name,
    value: `${Math.floor(Date.now() / 1000)}.${value}`,
    maxAge: COOKIE_LIFETIME,
    ...attributes(https),
    sameSite: comesByPost(pending) ? (https ? 'none' : undefined) : 'lax',
  });
  if (cookie.length > MAX_SIZE) throw tooLarge(cookie.length);
  const response = responseOf(request);
  const others = loginCookies(request, https).filter((other) => other.name !== name);
  for (const old of surplus(others, cookie.length)) response.addCookie(removal(old.name, https));
  response.addCookie(cookie);
}

/** The cookie that belongs to this login, if the browser sent it. */
export function loginCookie(request: OAuthRequest, key: PendingKey): LoginCookie | undefined {
  const name = cookieName(key);
  return loginCookies(request, key.https).find((cookie) => cookie.name === name);
}

/** Whether the browser sent a cookie of any login. */
export function hasLoginCookies(request: OAuthRequest, { https }: PendingKey): boolean {
  return loginCookies(request, https).length > 0;
}

/** Takes the cookie of a login from the browser. */
export function removeLoginCookie(request: OAuthRequest, key: PendingKey): void {
  responseOf(request).addCookie(removal(cookieName(key), key.https));
}

/** By https with the prefix that keeps it from being set by another host, or without TLS. */
function cookieName(key: PendingKey): string {
  return prefix(key.https) + digestOf(key).slice(0, DIGEST_LENGTH);
}

function prefix(https: boolean): string {
  return https ? '__Host-oauth_' : 'oauth_';
}

function loginCookies({ headers }: OAuthRequest, https: boolean): (LoginCookie & { name: string })[] {
  return Object.entries(parseCookie(headers?.cookie ?? '')).flatMap(([name, text = '']) => {
    const [, since, value = ''] = /^(\d{10})\.([\w.-]+)$/.exec(text) ?? [];
    const isOurs = name.startsWith(prefix(https)) && name.length === prefix(https).length + DIGEST_LENGTH;
    return isOurs && since !== undefined ? [{ name, since: Number(since), value }] : [];
  });
}

/** The cookies for which there is no room beside a new one. */
function surplus<C extends LoginCookie>(cookies: C[], size: number): C[] {
  let total = size;
  // within a second, the order is the browser's: the oldest first
  const newestFirst = cookies.sort((a, b) => a.since - b.since).reverse();
  return newestFirst.filter(({ value }, index) => {
    total += value.length + NAME_AND_AGE;
    return index >= MAX_PENDING - 1 || total > MAX_TOTAL;
  });
}

function removal(name: string, https: boolean): string {
  return stringifySetCookie({ name, value: '', maxAge: 0, ...attributes(https), sameSite: 'lax' });
}

function attributes(https: boolean): { path: string; httpOnly: boolean; secure: boolean } {
  return { path: '/', httpOnly: true, secure: https };
}

/**
 * Whether the answer comes as a form from the provider's site, which a `Lax` cookie does not come along with. Without https
 * there is no `None`; a cookie that says nothing is sent along by some browsers, for two minutes by others.
 */
function comesByPost({ responseMode, responseType }: Pending): boolean {
  return responseMode?.startsWith('form_post') === true || responseType === 'code id_token';
}

function tooLarge(size: number): OAuthError {
  return new OAuthError('cookie_too_large', {
    description:
      `the login needs a cookie of ${size} bytes, and browsers drop those over ${MAX_SIZE}. Shorten its \`returnTo\`, ` +
      'or keep logins on the server: in the session, or in Redis',
  });
}

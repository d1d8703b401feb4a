import { parseCookie, stringifySetCookie } from 'cookie';
import { nowInSeconds } from '../common/now-in-seconds.js';
import type { OAuthRequest } from '../common/oauth-request.js';
import { OAuthError } from '../errors/oauth.errors.js';
import { addCookie, type OAuthResponse } from './oauth-response.js';
import { digestOf } from './pending-context.js';
import type { Pending, PendingKey } from './state-store.js';

/** Bytes of all login cookies together. Node.js answers 431 to 16 KiB of headers, and the browser has other cookies too. */
const MAX_TOTAL = 8192;
/** Bytes of a cookie, with its attributes, that every browser accepts (RFC 6265 §6.1). */
const MAX_SIZE = 4096;
/** Characters of a digest that a name has. */
const DIGEST_LENGTH = 22;
/** Bytes that a cookie has beside its value, at most. */
const NAME_AND_AGE = 50;
/** Browsers accept this prefix only over https, from the host itself and for all paths (RFC 6265bis §4.1.3.2). */
const HOST_PREFIX = '__Host-';

/** How long login cookies live, and how many. */
export interface LoginCookieLimits {
  /** Seconds. */
  lifetime: number;
  /** Cookies that one browser keeps; the oldest are removed first. */
  most: number;
}

/** A cookie of a login, as the browser sent it. */
export interface LoginCookie {
  /** Seconds since 1970, as far as the browser can be believed. */
  since: number;
  value: string;
  /** Whether no other host, and nobody on the network, can have set it. */
  secure: boolean;
}

/**
 * Gives the browser a cookie for one login. It comes back with the provider's redirect, and on https also with a form that
 * the provider's page posts.
 * @throws {OAuthError} `cookie_too_large` when no browser would keep it
 */
export function setLoginCookie(
  request: OAuthRequest,
  response: OAuthResponse,
  key: PendingKey,
  value: string,
  pending: Pending,
  { lifetime, most }: LoginCookieLimits,
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
  if (cookie.length > MAX_SIZE) throw tooLarge(cookie.length);
  const others = loginCookies(request).filter((other) => other.secure === https && other.name !== name);
  for (const old of surplus(others, cookie.length, most)) addCookie(response, removal(old.name, https));
  addCookie(response, cookie);
}

/**
 * The cookie that belongs to this login, if the browser sent it. Where the site is known to be on https, only one that is
 * secure counts; elsewhere a proxy may have hidden the https, and the secure one is preferred.
 */
export function loginCookie(request: OAuthRequest, key: PendingKey): LoginCookie | undefined {
  const cookies = loginCookies(request);
  const find = (https: boolean): LoginCookie | undefined => cookies.find(({ name }) => name === cookieName(key, https));
  return find(true) ?? (key.https ? undefined : find(false));
}

/** Whether the browser sent a cookie of any login. */
export function hasLoginCookies(request: OAuthRequest): boolean {
  return loginCookies(request).length > 0;
}

/** Takes the cookie of a login from the browser. */
export function removeLoginCookie(response: OAuthResponse, key: PendingKey, { secure }: LoginCookie): void {
  addCookie(response, removal(cookieName(key, secure), secure));
}

/**
 * The scheme that a login cookie belongs to, for the context of what is kept by it: a cookie that may have been set without
 * TLS does not stand for a login that was begun on https.
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
  return Object.entries(parseCookie(headers?.cookie ?? '')).flatMap(([name, text = '']) => {
    const [, since, value = ''] = /^(\d{10})\.([\w.-]+)$/.exec(text) ?? [];
    const secure = name.startsWith(HOST_PREFIX);
    const isOurs = name.startsWith(prefix(secure)) && name.length === prefix(secure).length + DIGEST_LENGTH;
    return isOurs && since !== undefined ? [{ name, since: Number(since), value, secure }] : [];
  });
}

/** The cookies that a new one leaves no space for. */
function surplus<C extends LoginCookie>(cookies: C[], size: number, most: number): C[] {
  let total = size;
  // within a second, the order is the browser's: the oldest first
  const newestFirst = cookies.sort((a, b) => a.since - b.since).reverse();
  return newestFirst.filter(({ value }, index) => {
    total += value.length + NAME_AND_AGE;
    return index >= most - 1 || total > MAX_TOTAL;
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
function comesByPost({ checks: { responseMode, responseType } }: Pending): boolean {
  return responseMode?.startsWith('form_post') === true || responseType === 'code id_token';
}

function tooLarge(size: number): OAuthError {
  return new OAuthError('cookie_too_large', {
    description:
      `the login needs a cookie of ${size} bytes, and browsers drop those over ${MAX_SIZE}. Shorten its \`returnTo\`, ` +
      'or keep logins on the server: in the session, or in Redis',
  });
}

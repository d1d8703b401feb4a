import { isLoopbackHost } from '../config/loopback.js';
import type { OAuthRequest } from '../common/oauth-request.js';
import { OAuthError } from '../errors/oauth.errors.js';
import { parseHost } from './request-host.js';

/** What is known of this site's own address. */
export interface SiteAddress {
  /** Scheme and host of this site, which relative redirect URIs are resolved against. */
  readonly baseUrl?: string;
  /** Hosts that are believed in a request when there is no `baseUrl`, in lower case. */
  readonly allowedHosts?: readonly string[];
  /** What is known of the paths that the application answers at. */
  readonly ownPaths?: OwnPaths;
}

/** The paths of the application's own callback routes. */
export interface OwnPaths {
  /**
   * Returns the paths at which the application serves a callback whose decorators name this path: with the global prefix, the
   * version, and the path of `RouterModule`. Returns none when the path is served as it is, or belongs to no callback.
   */
  suggestionsFor(path: string): string[];
}

const LONGEST_URI = 2_048;

/**
 * Returns the absolute redirect URI. A relative one is resolved against `baseUrl`, or against the request's own address
 * when its host is this machine or one of `allowedHosts`. `:provider` in it stands for the client's name.
 * @throws {OAuthError} `invalid_redirect_uri` when it is not a URI of this kind (status 500), or when a request is to blame:
 * it brought something other than a string, or a host that is not believed (status 400)
 */
export function absoluteRedirectUri(
  redirectUri: unknown,
  provider: string,
  request: OAuthRequest,
  site: SiteAddress,
): string {
  if (typeof redirectUri !== 'string') throw invalidUri('the redirect URI is not a string. Pass one string', 400);
  const uri = redirectUri.replace(':provider', encodeURIComponent(provider));
  if (uri.length > LONGEST_URI || /[\s\p{Cc}#]/u.test(uri)) {
    throw invalidUri(
      `the redirect URI is not usable. Expected at most ${LONGEST_URI} characters, without spaces, line breaks or a fragment`,
    );
  }
  if (isAbsolute(uri)) return checkedAbsoluteUri(uri);
  const fault = misplacedUri(uri, site.ownPaths);
  if (fault !== undefined) throw invalidUri(`the redirect URI ${fault}`);
  return resolve(uri, site.baseUrl ?? requestOrigin(request, site));
}

/** Returns what is wrong with a relative redirect URI that leaves out what comes before the path of a callback route. */
export function misplacedUri(uri: string, ownPaths: OwnPaths | undefined): string | undefined {
  if (isAbsolute(uri) || !URL.canParse(uri, 'http://site.invalid')) return undefined;
  const { pathname } = new URL(uri, 'http://site.invalid');
  const served = ownPaths?.suggestionsFor(pathname) ?? [];
  if (served.length === 0) return undefined;
  const right = served.map((path) => `"${path}"`).join(' or ');
  return (
    `"${pathname}" is not a route of this application: a global prefix, a version or the path of a module comes before the ` +
    `callback. Write ${right}; or the whole URL, if something else answers there`
  );
}

/** Whether the address in a redirect URI would come from the request, because neither the URI nor `baseUrl` has one. */
export function dependsOnRequest(redirectUri: string, { baseUrl }: SiteAddress): boolean {
  return baseUrl === undefined && !isAbsolute(redirectUri);
}

function isAbsolute(uri: string): boolean {
  return /^[a-z][a-z0-9+.-]*:/i.test(uri);
}

/** https and http, or a scheme of an installed app, which has a dot because it is a domain name backwards (RFC 8252 §7.1). */
function checkedAbsoluteUri(uri: string): string {
  const isKnown = /^(?:https?:\/\/|[a-z][a-z0-9+-]*\.[a-z0-9+.-]*:)/i.test(uri);
  if (isKnown && URL.canParse(uri)) return uri;
  throw invalidUri(
    'the redirect URI is not usable. Expected an https or http URL, a private-use scheme with a dot in it, such as ' +
      '"com.example.app:/callback" (RFC 8252 §7.1), or a path of this site',
  );
}

/** Resolves a path against this site; `//other.example` and `/\\other.example` would leave it. */
function resolve(path: string, base: string): string {
  const { origin } = new URL(base);
  if (URL.canParse(path, base)) {
    const url = new URL(path, base);
    if (url.origin === origin) return url.href;
  }
  throw invalidUri('the redirect URI resolves to another site. Expected a path on this site, or an absolute URL');
}

/** Whoever sends the request chooses its host, and with it where the provider would send the code. */
function requestOrigin({ protocol = 'http', host }: OAuthRequest, { allowedHosts = [] }: SiteAddress): string {
  const address = parseHost(protocol, host);
  if (address && (isLoopbackHost(address.hostname) || allowedHosts.includes(address.host))) return address.origin;
  throw invalidUri(
    'the redirect URI is relative, and the host of this request is not this machine. A client can send any `Host` header, ' +
      'so it cannot be trusted. Set `baseUrl` of OAuthClientModule to the address of this site, or list its hosts in ' +
      '`allowedHosts`',
    400,
  );
}

/** @throws {OAuthError} always: a request that leaves this server, or is signed by it, vouches for the URI in it */
export function refuseRelativeUri(): never {
  throw invalidUri(
    'the redirect URI is relative, but a pushed or signed authorization request needs a trusted address. Set `baseUrl` of ' +
      'OAuthClientModule to the address of this site, or pass an absolute URL',
  );
}

function invalidUri(description: string, status = 500): OAuthError {
  return new OAuthError('invalid_redirect_uri', { description, status });
}

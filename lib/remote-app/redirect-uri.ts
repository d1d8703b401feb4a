import { isLoopbackHost } from '../config/loopback.js';
import type { OAuthRequest } from '../common/oauth-request.js';
import { OAuthError } from '../errors/oauth.errors.js';
import { parseHost } from './request-host.js';
import { configuredUrl, type OwnPaths, type SiteAddress } from './site-address.js';

const MAX_URI_LENGTH = 2_048;

/**
 * Returns the absolute redirect URI. A relative URI is resolved against `baseUrl`, or against the URL of the request if its
 * host is this machine or one of `allowedHosts`. `:provider` is replaced by the client's name.
 * @throws {OAuthError} `invalid_redirect_uri` when the URI is not valid (status 500), or when the request caused the error: the
 * redirect URI is not a string, or the host of the request is not accepted (status 400)
 */
export function absoluteRedirectUri(
  redirectUri: unknown,
  provider: string,
  request: OAuthRequest,
  site: SiteAddress,
): string | Promise<string> {
  if (typeof redirectUri !== 'string') throw invalidUri('the redirect URI is not a string. Pass one string', 400);
  const uri = redirectUri.replace(':provider', encodeURIComponent(provider));
  if (uri.length > MAX_URI_LENGTH || /[\s\p{Cc}#]/u.test(uri)) {
    throw invalidUri(
      `the redirect URI is not usable. Expected at most ${MAX_URI_LENGTH} characters, without spaces, line breaks or a fragment`,
    );
  }
  if (isAbsolute(uri)) return checkedAbsoluteUri(uri);
  const fault = misplacedUri(uri, site.ownPaths);
  if (fault !== undefined) throw invalidUri(`the redirect URI ${fault}`);
  const base = configuredUrl(request, site) ?? requestOrigin(request, site);
  return typeof base === 'string' ? resolve(uri, base) : base.then((url) => resolve(uri, url));
}

/** Returns the fault of a relative redirect URI that lacks the global prefix, version or module path of a callback route. */
export function misplacedUri(uri: string, ownPaths: OwnPaths | undefined): string | undefined {
  if (isAbsolute(uri) || !URL.canParse(uri, 'http://site.invalid')) return undefined;
  const { pathname } = new URL(uri, 'http://site.invalid');
  const suggestions = ownPaths?.suggestionsFor(pathname) ?? [];
  if (suggestions.length === 0) return undefined;
  const right = suggestions.map((path) => `"${path}"`).join(' or ');
  return (
    `"${pathname}" is not a route of this application: a global prefix, a version or the path of a module comes before the ` +
    `callback. Write ${right}; or the whole URL, if something else answers there`
  );
}

/** Returns whether a redirect URI would contain a host or a scheme of the request that is not configured as a URL of this site. */
export function dependsOnRequest(redirectUri: string, { baseUrl, origins }: SiteAddress): boolean {
  return (baseUrl ?? origins) === undefined && !isAbsolute(redirectUri);
}

function isAbsolute(uri: string): boolean {
  return /^[a-z][a-z0-9+.-]*:/i.test(uri);
}

/** Returns an https or http URI, or a URI with a private-use scheme, which is a reversed domain name (RFC 8252 §7.1). */
function checkedAbsoluteUri(uri: string): string {
  const isKnown = /^(?:https?:\/\/|[a-z][a-z0-9+-]*\.[a-z0-9+.-]*:)/i.test(uri);
  if (isKnown && URL.canParse(uri)) return uri;
  throw invalidUri(
    'the redirect URI is not usable. Expected an https or http URL, a private-use scheme with a dot in it, such as ' +
      '"com.example.app:/callback" (RFC 8252 §7.1), or a path of this site',
  );
}

/** Resolves a path against this site. Refuses `//other.example` and `/\\other.example`, which are URLs of another site. */
function resolve(path: string, base: string): string {
  const { origin } = new URL(base);
  if (URL.canParse(path, base)) {
    const url = new URL(path, base);
    if (url.origin === origin) return url.href;
  }
  throw invalidUri('the redirect URI resolves to another site. Expected a path on this site, or an absolute URL');
}

/** Refuses other hosts, because the sender of the request chooses its host, and could so redirect the code to another site. */
function requestOrigin({ protocol = 'http', host }: OAuthRequest, { allowedHosts = [] }: SiteAddress): string {
  const address = parseHost(protocol, host);
  if (address && (isLoopbackHost(address.hostname) || allowedHosts.includes(address.host))) return address.origin;
  throw invalidUri(
    'the redirect URI is relative, and the host of this request is not this machine. A client can send any `Host` header, ' +
      'so it cannot be trusted. Set `baseUrl` of OAuthClientModule to the URL of this site, or list its hosts in ' +
      '`allowedHosts`',
    400,
  );
}

/** @throws {OAuthError} always: a provider trusts the redirect URI in a pushed or signed authorization request */
export function refuseRelativeUri(): never {
  throw invalidUri(
    'the redirect URI is relative, but a pushed or signed authorization request needs a trusted address. Set `baseUrl` of ' +
      'OAuthClientModule to the URL of this site, or pass an absolute URL',
  );
}

function invalidUri(description: string, status = 500): OAuthError {
  return new OAuthError('invalid_redirect_uri', { description, status });
}

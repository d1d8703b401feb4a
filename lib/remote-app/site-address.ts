import { isSiteUrl } from '../config/site-url.js';
import type { OAuthRequest } from '../common/oauth-request.js';
import { OAuthError } from '../errors/oauth.errors.js';
import { askApplication } from './ask-application.js';
import { parseHost } from './request-host.js';

/** Returns the scheme and host of the site to which a request was sent. */
type BaseUrlFunction = (request: OAuthRequest) => string | Promise<string>;

/** The hosts and the callback paths of this site. At most one of `baseUrl` and `origins` is set. */
export interface SiteAddress {
  /** Scheme and host of this site. Relative redirect URIs are resolved against `baseUrl`. */
  readonly baseUrl?: string | BaseUrlFunction;
  /** The origins of a site with several hosts. The host of a request selects one. */
  readonly origins?: readonly string[];
  /** Hosts, in lower case, that are accepted as the host of a request if `baseUrl` and `origins` are missing. */
  readonly allowedHosts?: readonly string[];
  /** The paths of the application's callback routes. */
  readonly ownPaths?: OwnPaths;
}

/** The paths of the application's callback routes. */
export interface OwnPaths {
  /**
   * Returns the full paths of the callback routes that a wrong path was probably meant for: with the global prefix, the version,
   * and the path of `RouterModule`. Returns an empty list when the path is correct or does not resemble a callback.
   */
  suggestionsFor(path: string): string[];
}

/**
 * Returns the configured URL of this site for a request, or undefined if the module has no `baseUrl`. Only a function `baseUrl` gives
 * a promise.
 * @throws {OAuthError} `invalid_redirect_uri` when the host of the request is not in the list (status 400), or when the function
 * does not return the URL of a site (status 500)
 * @throws {OAuthConfigError} when the function throws
 */
export function configuredUrl(request: OAuthRequest, site: SiteAddress): string | Promise<string> | undefined {
  const { baseUrl, origins } = site;
  if (typeof baseUrl === 'function') return askedUrl(baseUrl, request);
  return origins ? (listedOrigin(request, origins) ?? refuseHost()) : baseUrl;
}

/** Returns whether this site uses https, or undefined if only the request shows it. */
export async function isOnHttps(request: OAuthRequest, site: SiteAddress): Promise<boolean | undefined> {
  const { origins } = site;
  if (!origins) return isHttps(await configuredUrl(request, site));
  // An absolute redirect URI may lead to a host that is not in the list.
  const known = [listedOrigin(request, origins) ?? origins].flat().map(isHttps);
  return known.every((https) => https === known[0]) ? known[0] : undefined;
}

/** Returns undefined for a URL that is missing or has another scheme than http and https. */
export function isHttps(url = ''): boolean | undefined {
  return /^https?:/i.test(url) ? /^https:/i.test(url) : undefined;
}

async function askedUrl(baseUrl: BaseUrlFunction, request: OAuthRequest): Promise<string> {
  const url: unknown = await askApplication('baseUrl', () => baseUrl(request));
  if (isSiteUrl(url)) return new URL(url).origin;
  throw new OAuthError('invalid_redirect_uri', {
    description:
      'the function baseUrl did not return an http or https URL without a path; expected one. Correct the function',
    status: 500,
  });
}

/** Ignores the scheme of the request, because the scheme in the list is the one that browsers use. */
function listedOrigin({ host }: OAuthRequest, origins: readonly string[]): string | undefined {
  const possible = ['https', 'http'].map((scheme) => parseHost(scheme, host)?.origin);
  return possible.find((origin) => origin !== undefined && origins.includes(origin));
}

function refuseHost(): never {
  throw new OAuthError('invalid_redirect_uri', {
    description:
      'the redirect URI is relative, and the host of this request is not in the list `baseUrl`. A client can send any `Host` ' +
      'header, so it cannot be trusted. Add the URL of this site to the list `baseUrl`, or pass an absolute redirect URI',
    status: 400,
  });
}

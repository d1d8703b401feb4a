import { isSiteUrl } from '../config/site-url.js';
import type { OAuthClientModuleOptions } from '../oauth-client.options.js';
import { parseHost } from '../remote-app/request-host.js';
import type { SiteAddress } from '../remote-app/site-address.js';

const MAX_HOSTS = 100;

/** Returns every fault of the options with the addresses of this site. */
export function siteFaults({ baseUrl, allowedHosts }: Partial<Record<string, unknown>>): string[] {
  const faults = baseUrlFaults(baseUrl);
  if (allowedHosts === undefined) return faults;
  if (!areHosts(allowedHosts)) {
    faults.push(
      `allowedHosts: expected an array of at most ${MAX_HOSTS} hosts: names, with the port if the browser shows one, ` +
        'such as "app.example" or "app.example:8443"',
    );
  }
  if (Array.isArray(baseUrl) && areHosts(baseUrl))
    faults.push('allowedHosts: baseUrl lists the hosts. Move all hosts to one of the two options');
  return faults;
}

/** Returns the addresses of this site. Hosts in `baseUrl` are the same as `allowedHosts`. */
export function siteAddress(options: OAuthClientModuleOptions): Omit<SiteAddress, 'ownPaths'> {
  const { baseUrl, allowedHosts } = options;
  const hosts = (list: readonly string[] | undefined) => list?.map((host) => host.toLowerCase());
  if (typeof baseUrl === 'function') return { baseUrl: baseUrl.bind(options) };
  if (baseUrl === undefined || typeof baseUrl === 'string') return { baseUrl, allowedHosts: hosts(allowedHosts) };
  return areHosts(baseUrl) ? { allowedHosts: hosts(baseUrl) } : { origins: baseUrl.map((url) => new URL(url).origin) };
}

function baseUrlFaults(baseUrl: unknown): string[] {
  if (baseUrl === undefined || typeof baseUrl === 'function' || isSiteUrl(baseUrl)) return [];
  if (!Array.isArray(baseUrl)) {
    return ['baseUrl: expected an http or https URL without a path; put the path into the redirect URIs'];
  }
  const isList = baseUrl.length > 0 && baseUrl.length <= MAX_HOSTS;
  if (isList && areHosts(baseUrl)) return [];
  if (!isList || !baseUrl.every(isListedUrl)) {
    return [
      'baseUrl: expected an http or https URL without a path, a function that returns one, or an array of 1 to ' +
        `${MAX_HOSTS} such URLs or hosts`,
    ];
  }
  const hosts = baseUrl.map((url) => new URL(url).host);
  if (new Set(hosts).size === hosts.length) return [];
  return ['baseUrl: a host is in the array twice. Expected one URL for each host, with the scheme that browsers use'];
}

/** Refuses a URL whose host no browser sends as the `Host` header, such as one with a wildcard. */
function isListedUrl(url: unknown): url is string {
  return isSiteUrl(url) && parseHost('http', new URL(url).host) !== undefined;
}

/** Refuses wildcards: with `*.hosting.example`, any customer of the hosting company could receive codes. */
function areHosts(value: unknown): boolean {
  return (
    Array.isArray(value) && value.length <= MAX_HOSTS && value.every((host) => parseHost('http', host) !== undefined)
  );
}

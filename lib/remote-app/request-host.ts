/** The `Host` header of a browser: a host name, an IPv4 address or an IPv6 address, with an optional port. */
const HOST = /^(?:\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::\d{1,5})?$/i;
const MAX_HOST_LENGTH = 300;

/**
 * Parses the host of a request. Returns undefined for a host that `URL` would normalize to a different host, such as `127.1`,
 * `user@host` or a name with non-ASCII letters.
 */
export function parseHost(protocol: unknown, host: unknown): URL | undefined {
  if (protocol !== 'http' && protocol !== 'https') return undefined;
  if (typeof host !== 'string' || host.length > MAX_HOST_LENGTH || !HOST.test(host)) return undefined;
  const text = `${protocol}://${host}`;
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const written = host.toLowerCase().replace(/:\d+$/, '');
  return url.hostname === written ? url : undefined;
}

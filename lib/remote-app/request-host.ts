/** A host name or an IPv6 address, and a port: what a browser sends. */
const HOST = /^(?:\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::\d{1,5})?$/i;
const LONGEST_HOST = 300;

/**
 * Parses the host of a request. Returns undefined for anything that `URL` reads otherwise than it is written, such as
 * `127.1`, `user@host` or a name with letters beyond ASCII.
 */
export function parseHost(protocol: unknown, host: unknown): URL | undefined {
  if (protocol !== 'http' && protocol !== 'https') return undefined;
  if (typeof host !== 'string' || host.length > LONGEST_HOST || !HOST.test(host)) return undefined;
  const text = `${protocol}://${host}`;
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const written = host.toLowerCase().replace(/:\d+$/, '');
  return url.hostname === written ? url : undefined;
}

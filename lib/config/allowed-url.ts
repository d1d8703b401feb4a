import { isLoopbackHost } from './loopback.js';
import { isHttpUrl } from './value-schemas.js';

/** Settings that allow http URLs of a provider. */
export interface UrlRules {
  /** The client's `allow_insecure_http`: allows http for hosts of this machine. */
  readonly allowInsecureHttp: boolean;
  /** The module's `allowInsecureHttp`: together with the client's setting, allows http for every host. */
  readonly allowInsecureHosts: boolean;
}

/** Returns whether codes, tokens and secrets may be sent to a URL: https, or http if the settings allow it. */
export function isAllowedUrl(url: string, { allowInsecureHttp, allowInsecureHosts }: UrlRules): boolean {
  if (!isHttpUrl(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || (allowInsecureHttp && (allowInsecureHosts || isLoopbackHost(hostname)));
}

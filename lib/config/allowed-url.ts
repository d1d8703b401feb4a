import { isLoopbackHost } from './loopback.js';
import { isHttpUrl } from './value-schemas.js';

/** Which URLs of a provider may be http; https always may. */
export interface UrlRules {
  /** The client's `allow_insecure_http`: hosts of this machine may. */
  readonly allowInsecureHttp: boolean;
  /** The module's `allowInsecureHttp`: with the client's, every host may. */
  readonly allowInsecureHosts: boolean;
}

/** Whether codes, tokens and secrets may be sent to a URL: https, or http where the settings allow it. */
export function isAllowedUrl(url: string, { allowInsecureHttp, allowInsecureHosts }: UrlRules): boolean {
  if (!isHttpUrl(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || (allowInsecureHttp && (allowInsecureHosts || isLoopbackHost(hostname)));
}

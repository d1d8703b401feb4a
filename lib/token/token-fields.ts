import { isStorable } from './storable-text.js';

/**
 * Names that providers give to bearer tokens, in lower case and without spaces: Apigee's `BearerToken`, Slack's `bot` and
 * `user`, eBay's `User Access Token` and `Application Access Token`.
 */
const BEARER_NAMES = new Set(['bearer', 'bearertoken', 'bot', 'user', 'useraccesstoken', 'applicationaccesstoken']);

/** Reads a `token_type`, in lower case; undefined for what is not a name. A name for bearer tokens becomes `bearer`. */
export function readTokenType(value: unknown): string | undefined {
  if (typeof value !== 'string' || !isStorable(value)) return undefined;
  const name = value.trim().toLowerCase();
  return BEARER_NAMES.has(name.replaceAll(/[\s_-]/g, '')) ? 'bearer' : name || undefined;
}

/** Reads a `scope`, which Twitch sends as an array; undefined where it names nothing. */
export function readScope(value: unknown): string | undefined {
  const names: unknown[] = Array.isArray(value) ? value : [value];
  const scope = names.flatMap((name) => (typeof name === 'string' ? name.trim() || [] : [])).join(' ');
  return scope === '' ? undefined : scope;
}

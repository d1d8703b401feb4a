import { isStorable } from './storable-text.js';

/**
 * Names that providers give to bearer tokens, in lower case and without spaces: Apigee's `BearerToken`, Slack's `bot` and
 * `user`, eBay's `User Access Token` and `Application Access Token`.
 */
const BEARER_NAMES = new Set(['bearer', 'bearertoken', 'bot', 'user', 'useraccesstoken', 'applicationaccesstoken']);

/** Returns a `token_type` in lower case, or undefined if it is not a name. A provider's name for bearer tokens becomes `bearer`. */
export function readTokenType(value: unknown): string | undefined {
  if (typeof value !== 'string' || !isStorable(value)) return undefined;
  const name = value.trim().toLowerCase();
  return BEARER_NAMES.has(name.replaceAll(/[\s_-]/g, '')) ? 'bearer' : name || undefined;
}

/** Returns a `scope` as a string, or undefined if it is empty. Twitch sends an array. */
export function readScope(value: unknown): string | undefined {
  const names: unknown[] = Array.isArray(value) ? value : [value];
  const scope = names.flatMap((name) => (typeof name === 'string' ? name.trim() || [] : [])).join(' ');
  return scope === '' ? undefined : scope;
}

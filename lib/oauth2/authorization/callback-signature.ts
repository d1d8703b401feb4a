import { createHmac, timingSafeEqual } from 'node:crypto';
import { nowInSeconds } from '../../common/now-in-seconds.js';
import { OAuthError } from '../../errors/oauth.errors.js';
import { shown } from '../provider/failed-check.js';
import { requireEndpoint, type Provider } from '../provider/provider.js';

/** Maximum difference between the time of the signature and the clock of this server, in seconds. */
const MAX_AGE_S = 3_600;
/** A SHA-256 digest in the format of Shopify. */
const HEX_DIGEST = /^[0-9a-f]{64}$/;

/**
 * Checks Shopify's signature of a callback, its age, and that it is from the shop of this client. Without the setting
 * `callbackSignature`, accepts every callback.
 * @param fields all fields of the callback
 * @throws {OAuthError} `invalid_request` when a check fails
 * @see https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/authorization-code-grant
 */
export function checkCallbackSignature(provider: Provider, fields: Readonly<Record<string, unknown>>): void {
  const { callbackSignature, clientSecret = '' } = provider.config;
  if (callbackSignature === undefined) return;
  const { hmac, timestamp, shop, ...others } = fields;
  const text = signedText({ ...others, timestamp, shop });
  if (clientSecret === '' || text === undefined || !isSignature(hmac, text, clientSecret)) {
    throw refused(
      'the callback has no valid "hmac" parameter; expected the signature of Shopify with the client secret. Start the login ' +
        'again. If every login fails, check the client secret',
    );
  }
  if (typeof timestamp !== 'string' || !isRecent(timestamp)) {
    throw refused(
      `the callback was not signed within the last ${MAX_AGE_S} seconds (timestamp). Start the login again. If every login ` +
        "fails, check this server's clock",
    );
  }
  const { host } = new URL(requireEndpoint(provider, 'authorization_endpoint'));
  if (shop !== host)
    throw refused(`the callback is from the shop ${shown(shop)}, expected ${shown(host)}. Start the login again`);
}

function isSignature(hmac: unknown, text: string, secret: string): boolean {
  if (typeof hmac !== 'string' || !HEX_DIGEST.test(hmac)) return false;
  return timingSafeEqual(Buffer.from(hmac, 'hex'), createHmac('sha256', secret).update(text).digest());
}

/** Returns the string that Shopify signs: the parameters in the order of their names. Undefined if a parameter is an object. */
function signedText(fields: Readonly<Record<string, unknown>>): string | undefined {
  const pairs: string[] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    const isList = Array.isArray(value) || name.endsWith('[]');
    const text = isList ? listText([value].flat()) : value;
    if (typeof text !== 'string') return undefined;
    pairs.push(`${escaped(name.replace(/\[\]$/, '')).replaceAll('=', '%3D')}=${escaped(text)}`);
  }
  return pairs.sort().join('&');
}

/** Returns an array parameter as Shopify writes it: `["1", "2"]`. */
function listText(values: readonly unknown[]): string | undefined {
  if (!values.every((value) => typeof value === 'string')) return undefined;
  return `[${values.map((value) => JSON.stringify(value)).join(', ')}]`;
}

/** Escapes the delimiters, so that two different callbacks never give the same string. */
function escaped(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('&', '%26');
}

function isRecent(timestamp: string): boolean {
  return /^\d{1,12}$/.test(timestamp) && Math.abs(nowInSeconds() - Number(timestamp)) <= MAX_AGE_S;
}

function refused(description: string): OAuthError {
  return new OAuthError('invalid_request', { description });
}

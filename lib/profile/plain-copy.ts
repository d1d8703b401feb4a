import { MAX_DEPTH } from '../common/limits.js';
import { storableText } from '../token/storable-text.js';

/** Keys with a special meaning in JavaScript, which would do harm when an application merges the object. */
const UNSAFE_KEYS = new Set(['__proto__', 'constructor', 'prototype']);
/** Keys of values that are credentials. */
const SECRET_KEY = /(?:tokens?|secrets?|passwords?|api_?keys?|private_?keys?)$/i;
/** The least length of a secret that is also found inside a longer string. A shorter one would be found in words. */
const MIN_CONTAINED = 8;
/** How many characters at the end of a secret are searched for. To find a token of 64 KB in a long string can take seconds. */
const SEARCHED = 64;

/**
 * Returns a copy of a JSON value without unsafe keys, without values that are nested too deeply, and without credentials: strings
 * whose key names a credential, and strings that contain one of the secrets.
 */
export function withoutSecrets(value: unknown, secrets: readonly string[]): unknown {
  const isSecret = secretFinder(secrets);
  return copied(value, MAX_DEPTH, (key, item) => {
    if (typeof item === 'string') return !isSecret(item) && !SECRET_KEY.test(key);
    return typeof item !== 'object' || item === null || !SECRET_KEY.test(key);
  });
}

/** Returns a copy of a JSON value without unsafe keys, and without values that are nested too deeply. */
export function plainCopy(value: unknown): unknown {
  return copied(value, MAX_DEPTH, () => true);
}

function copied(value: unknown, depth: number, isKept: (key: string, item: unknown) => boolean): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0) return undefined;
  if (Array.isArray(value)) {
    return value.map((item: unknown) => (isKept('', item) ? copied(item, depth - 1, isKept) : undefined));
  }
  const kept = (Object.entries(value) as [string, unknown][]).filter(
    ([key, item]) => !UNSAFE_KEYS.has(key) && isKept(key, item),
  );
  return Object.fromEntries(kept.map(([key, item]) => [key, copied(item, depth - 1, isKept)]));
}

/** Returns a function that finds the secrets in strings, plain or encoded for a URL. The end of a long secret is enough. */
function secretFinder(secrets: readonly string[]): (text: string) => boolean {
  const whole = new Set(secrets);
  const contained = secrets
    .filter(({ length }) => length >= MIN_CONTAINED)
    .flatMap((secret) => [secret, encodeURIComponent(storableText(secret))])
    .map((secret) => secret.slice(-SEARCHED));
  const searched = [...new Set(contained)];
  return (text) => whole.has(text) || searched.some((secret) => text.includes(secret));
}

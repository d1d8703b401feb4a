import { invalidCallback, readParameters } from './callback-request.js';

/** Maximum length of a value, in characters. */
const MAX_LENGTH = 4_096;
/** Control characters, and lone surrogates, which stores cannot keep. */
const FORBIDDEN = /[\p{Cc}\p{Cs}]/u;

/**
 * Returns the parameters of a callback that the settings name (`callbackParameters`). Empty parameters are omitted. Must be called
 * after the callback was matched with its pending login.
 * @param source the fields of the callback, or of its signed response (JARM)
 * @throws {OAuthError} `invalid_request` when a parameter occurs twice, is too long, or has control characters
 */
export function keptParameters(
  source: Readonly<Record<string, unknown>>,
  names: readonly string[],
): Readonly<Record<string, string>> {
  const kept = Object.entries(readParameters(source, names)) as [name: string, value: string][];
  for (const [name, value] of kept) {
    if (value.length <= MAX_LENGTH && !FORBIDDEN.test(value)) continue;
    throw invalidCallback(
      `the parameter "${name}" of the callback is too long or has control characters; expected at most ${MAX_LENGTH} ` +
        'characters. Start the login again',
    );
  }
  return Object.fromEntries(kept);
}

import { isRecord } from '../../config/is-record.js';
import { isShallow, MAX_DEPTH } from '../../common/limits.js';
import { RefusedInput } from './refused-input.js';

/**
 * Returns the JSON object in a string from outside, or undefined for any other string.
 * @throws {RefusedInput} when the object is nested too deeply
 */
export function parseJsonObject(text: string): Record<string, unknown> | undefined {
  const value = parse(text);
  if (!isRecord(value)) return undefined;
  if (!isShallow(value, MAX_DEPTH)) throw new RefusedInput(`its JSON is nested more than ${MAX_DEPTH} levels deep`);
  return value;
}

/** Returns the JSON object in a provider's response, without fields that are nested too deeply, or an empty object for any other string. */
export function parseFields(text: string): Record<string, unknown> {
  const value = parse(text);
  if (!isRecord(value)) return {};
  return Object.fromEntries(Object.entries(value).filter(([, field]) => isShallow(field, MAX_DEPTH)));
}

/** Returns undefined for invalid JSON. The error of the parser is dropped, because it quotes the string. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

import { PLACEHOLDER } from '../config/profile-paths.js';
import { isStorable } from '../token/storable-text.js';
import { UnusableProfile } from './unusable-profile.js';

/** Returns the value of a placeholder, which may be absent, or undefined for braces that are not a placeholder. */
export type PlaceholderValue = (content: string) => { value: string | undefined } | undefined;

const DOT_SEGMENT = /^(?:\.|%2e){1,2}$/i;
/** Characters in the value of a header. Others could end the header. */
const HEADER_VALUE = /^[\x20-\x7e]*$/;

/**
 * Returns a string with its placeholders replaced.
 * @throws {UnusableProfile} when a placeholder has no value
 */
export function filledText(text: string, valueOf: PlaceholderValue): string {
  return replaced(text, valueOf, (value) => value);
}

/**
 * Returns a URL with its placeholders replaced. The values are encoded, so that they can change neither the host nor the
 * segments of the path nor the other parameters.
 * @throws {UnusableProfile} when a placeholder has no value, or when its value is a dot segment (`..`)
 */
export function filledUrl(template: string, valueOf: PlaceholderValue): string {
  const filled = replaced(template, valueOf, encodeURIComponent);
  const path = filled.replace(/[?#].*/s, '');
  const isSameOrigin = new URL(filled).origin === new URL(template.replace(PLACEHOLDER, 'x')).origin;
  if (isSameOrigin && !path.split('/').some((segment) => DOT_SEGMENT.test(segment))) return filled;
  throw new UnusableProfile('a placeholder in its URL has a value that changes the path');
}

/**
 * Returns the value of a header with its placeholders replaced.
 * @throws {UnusableProfile} when a placeholder has no value, or a value that a header cannot have
 */
export function filledHeader(text: string, valueOf: PlaceholderValue): string {
  const filled = filledText(text, valueOf);
  if (HEADER_VALUE.test(filled)) return filled;
  throw new UnusableProfile('a placeholder in its headers has a value with characters that a header cannot have');
}

/**
 * Returns a JSON value with the placeholders in all of its strings replaced.
 * @throws {UnusableProfile} when a placeholder has no value
 */
export function filledJson(value: unknown, valueOf: PlaceholderValue): unknown {
  if (typeof value === 'string') return filledText(value, valueOf);
  if (Array.isArray(value)) return value.map((item: unknown) => filledJson(item, valueOf));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, filledJson(item, valueOf)]));
}

/**
 * Returns strings by name with their placeholders replaced.
 * @throws {UnusableProfile} when a placeholder has no value, or a value that cannot be sent
 */
export function filledTexts(
  texts: Readonly<Record<string, string>>,
  valueOf: PlaceholderValue,
  fill = filledText,
): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, fill(text, valueOf)]));
}

function replaced(text: string, valueOf: PlaceholderValue, encode: (value: string) => string): string {
  return text.replace(PLACEHOLDER, (braces, content: string) => {
    const found = valueOf(content);
    if (!found) return braces;
    const { value } = found;
    if (value !== undefined && isStorable(value)) return encode(value);
    throw new UnusableProfile(`the placeholder ${braces} has no value`);
  });
}

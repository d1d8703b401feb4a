import type { ClaimSource } from '../config/profile-settings.js';
import { PLACEHOLDER, placeholdersOf } from '../config/profile-paths.js';
import { storableText } from '../token/storable-text.js';
import type { ProfileData } from './profile-data.js';

/** A value that was found for a claim, before its type is checked. */
export interface FoundValue {
  readonly value: unknown;
  /** The sources of the value: names of requests, `token`, `id_token`, `callback`. Empty for a constant. */
  readonly sources: readonly string[];
}

/** Maximum length of a string in a claim or in a placeholder, in characters. */
const MAX_LENGTH = 4_096;
const ABSENT: FoundValue = { value: undefined, sources: [] };

/** Returns the value that a source of a claim has in the data. `null` and empty strings count as absent. */
export function findClaim(source: ClaimSource, data: ProfileData): FoundValue {
  if (typeof source === 'string') return { value: presentOf(data.at(source)), sources: [data.sourceOf(source)] };
  if (Array.isArray(source)) {
    return source.map((other) => findClaim(other, data)).find(({ value }) => value !== undefined) ?? ABSENT;
  }
  if ('value' in source) return { value: presentOf(source.value), sources: [] };
  if ('join' in source) return joined(source.join, data);
  if ('template' in source) return filled(source.template, data);
  if ('exists' in source) return { value: isPresent(data.at(source.exists)), sources: [data.sourceOf(source.exists)] };
  if ('all' in source) return all(source.all, data);
  const value = data.at(source.path);
  const sources = [data.sourceOf(source.path)];
  return 'equals' in source
    ? { value: value === source.equals, sources }
    : { value: textAfter(value, source.after), sources };
}

/**
 * Returns a string or a number as text, and undefined for an empty or a very long string and for any other value. An integer beyond
 * 2^53 was rounded, so it is not returned.
 */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' || value.length > MAX_LENGTH ? undefined : value;
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
  return Math.abs(value) <= Number.MAX_SAFE_INTEGER ? String(value) : undefined;
}

function presentOf(value: unknown): unknown {
  return value === null || value === '' ? undefined : value;
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && value !== '';
}

function joined(paths: readonly string[], data: ProfileData): FoundValue {
  const texts = paths.map((path) => textOf(data.at(path))).filter((text) => text !== undefined);
  return { value: presentOf(texts.join(' ')), sources: paths.map((path) => data.sourceOf(path)) };
}

/** Fills a template. In a URL, the values are encoded, so that they cannot change its host. */
function filled(template: string, data: ProfileData): FoundValue {
  const paths = placeholdersOf(template);
  const texts = new Map(paths.map((path) => [path, textOf(data.at(path))]));
  if ([...texts.values()].includes(undefined)) return ABSENT;
  const encode = /^https?:/i.test(template) ? encoded : (text: string) => text;
  return {
    value: template.replace(PLACEHOLDER, (_, path: string) => encode(texts.get(path) ?? '')),
    sources: paths.map((path) => data.sourceOf(path)),
  };
}

/** Encodes a value in a URL. Keeps slashes, because APIs send paths of pictures. */
function encoded(text: string): string {
  return encodeURIComponent(storableText(text)).replaceAll('%2F', '/');
}

function all(sources: readonly ClaimSource[], data: ProfileData): FoundValue {
  const found = sources.map((source) => findClaim(source, data));
  return {
    value: found.every(({ value }) => value === true || (typeof value === 'string' && value.toLowerCase() === 'true')),
    sources: found.flatMap((one) => one.sources),
  };
}

function textAfter(value: unknown, after: string): string | undefined {
  const start = typeof value === 'string' ? value.lastIndexOf(after) : -1;
  return typeof value === 'string' && start >= 0 ? textOf(value.slice(start + after.length)) : undefined;
}

/** A change of one value in a preset's settings. */
export interface Mutation {
  /** The path of the value, and what happened to it. */
  title: string;
  settings: Record<string, unknown>;
}

type Json = unknown;

/** Returns the settings with one change each: every value removed, and every string, number and boolean replaced. */
export function mutationsOf(settings: Record<string, unknown>): Mutation[] {
  return pathsOf(settings).flatMap((path) => {
    const title = path.join('.');
    const value = path.reduce<Json>((inner, key) => (inner as Record<string, Json>)[key], settings);
    const mutations = isDefault(path, value)
      ? []
      : [{ title: `${title} removed`, settings: changed(settings, path, undefined) }];
    const other = otherThan(value);
    if (other === undefined) return mutations;
    const replaced = {
      title: `${title} replaced by ${JSON.stringify(other)}`,
      settings: changed(settings, path, other),
    };
    return [...mutations, replaced];
  });
}

function pathsOf(value: Json): string[][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [[key], ...pathsOf(inner).map((rest) => [key, ...rest])]);
}

/** Returns whether a client has this value without the setting too. */
function isDefault(path: string[], value: Json): boolean {
  return path.at(-1) === 'tokenEndpointAuthMethod' && value === 'client_secret_basic';
}

/** Returns a plausible wrong value: another path of a URL, another name, the opposite. */
function otherThan(value: Json): Json {
  if (typeof value === 'boolean') return !value;
  if (typeof value !== 'string') return undefined;
  if (value === ',') return ' ';
  return value.endsWith('/') ? `${value}x/` : `${value}x`;
}

function changed(value: Json, [key, ...rest]: string[], replacement: Json): Record<string, unknown> {
  if (key === undefined) return replacement as Record<string, unknown>;
  if (Array.isArray(value)) {
    const list = value.map((item: Json, index) => (String(index) === key ? changed(item, rest, replacement) : item));
    return list.filter((item) => item !== undefined) as never;
  }
  const entries = Object.entries(value as object).map(([name, inner]: [string, Json]) => [
    name,
    name === key ? changed(inner, rest, replacement) : inner,
  ]);
  return Object.fromEntries(entries.filter(([, inner]) => inner !== undefined)) as Record<string, unknown>;
}

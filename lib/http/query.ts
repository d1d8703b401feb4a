/**
 * Adds parameters to the query of a URL: values that are absent or empty are left out, an array of strings is sent as a
 * repeated parameter, and values of other types are sent as JSON. A space is written as `%20`, which every server reads; as
 * `+`, which only forms have, some providers (Apple) do not.
 */
export function withQuery(url: string, parameters: Record<string, unknown>): string {
  const target = new URL(url);
  const query = new URLSearchParams(target.search);
  for (const [name, value] of Object.entries(parameters)) {
    const [first, ...more] = fieldValues(value);
    if (first === undefined) continue;
    query.set(name, first);
    for (const text of more) query.append(name, text);
  }
  target.search = query.toString().replaceAll('+', '%20'); // a literal plus sign is %2B here
  return target.href;
}

/** Returns a URL without its query, its fragment and its credentials, which may be secrets. */
export function withoutQuery(url: string): string {
  const bare = url.replace(/[?#].*/s, '');
  if (!URL.canParse(bare)) return bare;
  return Object.assign(new URL(bare), { username: '', password: '' }).href;
}

/** Returns the same parameters as the fields of a form. */
export function formEntries(parameters: Record<string, unknown>): [name: string, value: string][] {
  return Object.entries(parameters).flatMap(([name, value]) =>
    fieldValues(value).map((text): [string, string] => [name, text]),
  );
}

function fieldValues(value: unknown): string[] {
  if (value === undefined || value === null || value === '') return [];
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  return [typeof value === 'string' ? value : JSON.stringify(value)];
}

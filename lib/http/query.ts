/**
 * Returns the URL with added query parameters. Omits absent and empty values. An array of strings becomes a repeated parameter;
 * other types become JSON. Encodes a space as `%20`, because some providers (Apple) do not decode `+`.
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
  target.search = query.toString().replaceAll('+', '%20'); // a literal plus sign is already %2B
  return target.href;
}

/** Returns a URL without its query, fragment and credentials, which may contain secrets. */
export function withoutQuery(url: string): string {
  const bare = url.replace(/[?#].*/s, '');
  if (!URL.canParse(bare)) return bare;
  return Object.assign(new URL(bare), { username: '', password: '' }).href;
}

/** Returns parameters as the fields of a form, encoded as in {@link withQuery}. */
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

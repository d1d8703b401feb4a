/**
 * Adds parameters to the query of a URL; what is absent or empty is left out, an array of texts is one parameter that
 * repeats, and what is no text is sent as JSON.
 */
export function withQuery(url: string, parameters: Record<string, unknown>): string {
  const target = new URL(url);
  for (const [name, value] of Object.entries(parameters)) {
    const [first, ...more] = fieldValues(value);
    if (first === undefined) continue;
    target.searchParams.set(name, first);
    for (const text of more) target.searchParams.append(name, text);
  }
  return target.href;
}

/** The same parameters as the fields of a form. */
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

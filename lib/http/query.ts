/** Adds parameters to the query of a URL; what is absent or empty is left out, and what is no text is sent as JSON. */
export function withQuery(url: string, parameters: Record<string, unknown>): string {
  const target = new URL(url);
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined || value === null || value === '') continue;
    target.searchParams.set(name, typeof value === 'string' ? value : JSON.stringify(value));
  }
  return target.href;
}

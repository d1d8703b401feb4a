import assert from 'node:assert/strict';
import type { ParameterNames, TokenRequestSettings } from 'nestjs-oauth-client/protocol';
import type { Received } from './internet.js';

export type Value = string | number | boolean | undefined;
type Values = Readonly<Record<string, Value>>;

/** Returns the parameters as the provider names them. Omitted parameters are absent. */
export function renamed(parameters: Values, names: ParameterNames = {}): Record<string, string> {
  const entries = Object.entries(parameters).flatMap(([name, value]): [string, string][] => {
    const written = Object.hasOwn(names, name) ? names[name] : name;
    return value === undefined || written === false || written === undefined ? [] : [[written, String(value)]];
  });
  return Object.fromEntries(entries);
}

/** Returns the parameters of a token request, after checking that they are sent where the provider reads them. */
export function tokenParameters(request: Received, { format = 'form' }: TokenRequestSettings): Record<string, unknown> {
  assert.equal(request.method, format === 'query' ? 'GET' : 'POST', 'the method of the token request');
  if (format === 'query') {
    assert.equal(request.body, '', 'a GET without a body');
    return Object.fromEntries(request.query);
  }
  assert.equal(request.query.size, 0, 'no parameters in the URL');
  const type = format === 'json' ? 'application/json' : 'application/x-www-form-urlencoded';
  assert.match(request.headers['content-type'] ?? '', new RegExp(`^${type}`));
  return format === 'json'
    ? (JSON.parse(request.body) as Record<string, unknown>)
    : Object.fromEntries(new URLSearchParams(request.body));
}

/** Checks headers whose values may contain the client's credentials. */
export function checkHeaders(request: Received, headers: Record<string, string> = {}, values: Values): void {
  for (const [name, value] of Object.entries(headers)) {
    assert.equal(request.headers[name.toLowerCase()], filled(value, values), `the header ${name}`);
  }
}

/** Returns a text in which `{client_id}` and so on have their values. */
export function filled(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (place, name: string) =>
    Object.hasOwn(values, name) ? String(values[name]) : place,
  );
}

/** Returns the token response in the form of the provider. */
export function tokenAnswer(
  fields: Values,
  {
    path,
    fieldNames = {},
    expiresInUnit,
  }: { path?: string; fieldNames?: Record<string, string>; expiresInUnit?: string } = {},
): Record<string, unknown> {
  const named = Object.entries(fields).map(([name, value]): [string, unknown] => {
    const factor = name === 'expires_in' && expiresInUnit === 'milliseconds' ? 1000 : 1;
    return [fieldNames[name] ?? name, typeof value === 'number' ? value * factor : value];
  });
  const answer = Object.fromEntries(named);
  return (path?.split('.') ?? []).reduceRight<Record<string, unknown>>((inner, key) => ({ [key]: inner }), answer);
}

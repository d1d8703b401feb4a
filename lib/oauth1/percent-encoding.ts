import { percentEncode } from '../common/percent-encode.js';

/** A decoded parameter of a query, a form body or the `Authorization` header. Names may repeat. */
export type Parameter = [name: string, value: string];

/** A parameter whose name and value are percent-encoded, as they are signed and sent. */
export interface EncodedParameter {
  readonly name: string;
  readonly value: string;
}

/** Percent-encodes names and values. */
export function encodeParameters(params: readonly Parameter[]): EncodedParameter[] {
  return params.map(([name, value]) => ({ name: percentEncode(name), value: percentEncode(value) }));
}

/**
 * Decodes a query or an `application/x-www-form-urlencoded` body. Keeps the order and repeated names (RFC 5849 §3.4.1.3.1).
 */
export function parseForm(encoded: string): Parameter[] {
  if (encoded === '') return [];
  // URLSearchParams drops a leading `?`, which is part of the first name here. A leading `&` prevents that.
  return [...new URLSearchParams(`&${encoded}`)];
}

/** Joins encoded parameters into a query or a form body. */
export function joinForm(params: readonly EncodedParameter[]): string {
  return params.map(({ name, value }) => `${name}=${value}`).join('&');
}

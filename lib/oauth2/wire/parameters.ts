import { ownField } from '../../common/own-field.js';

/** Parameters by their wire names. */
export type WireParameters = Record<string, unknown>;

const WIRE_NAMES: Record<string, string> = {
  loginHint: 'login_hint',
  maxAge: 'max_age',
  acrValues: 'acr_values',
  authorizationDetails: 'authorization_details',
  responseType: 'response_type',
  responseMode: 'response_mode',
};

/** Returns parameters by their wire names. Omits undefined parameters, so that they do not replace parameters of the settings. */
export function wireParameters(params: WireParameters, names: Record<string, string> = {}): WireParameters {
  const wire: [name: string, value: unknown][] = [];
  for (const [name, value] of Object.entries(params)) {
    if (value !== undefined) wire.push([ownField(names, name) ?? ownField(WIRE_NAMES, name) ?? name, value]);
  }
  return Object.fromEntries(wire);
}

/**
 * Returns the scope as requests send it: joined with the provider's separator (RFC 6749 §3.3 requires a space).
 * @param scope an array, or a string that is separated by spaces
 */
export function scopeParameter(scope: unknown, separator: string): string | undefined {
  const text = spaceSeparated(scope);
  if (text === undefined || separator === ' ') return text;
  return text.split(/\s+/).filter(Boolean).join(separator);
}

/** Returns whether a scope contains a name, also if the scope was already joined with the provider's separator. */
export function scopeIncludes(scope: unknown, separator: string, name: string): boolean {
  const names = spaceSeparated(scope)?.split(' ') ?? [];
  return names.flatMap((part) => part.split(separator)).includes(name);
}

/** Returns values as one space-separated string (RFC 6749 §3.3). */
export function spaceSeparated(value: unknown): string | undefined {
  return Array.isArray(value) ? value.join(' ') : typeof value === 'string' ? value : undefined;
}

import { ownField } from '../../common/own-field.js';
import type { OAuth2ClientConfig } from '../../config/client-config.js';
import { isRecord } from '../../config/is-record.js';

type Fields = Record<string, unknown>;

/** Fields with these names belong to one token. They are never taken from outside the object at `path`: another token may be there. */
const TOKEN_FIELDS = new Set([
  ...['access_token', 'token_type', 'refresh_token', 'expires_in', 'expires_at', 'id_token', 'scope'],
]);

/**
 * Returns the fields of a token response under the names of the specification (RFC 6749 §5.1), as `tokenResponse` of the settings
 * describes them. The response may be hostile: only own fields are read.
 */
export function standardFields(
  received: Fields,
  grantType: string,
  { tokenResponse = {}, scopeSeparator }: Pick<OAuth2ClientConfig, 'tokenResponse' | 'scopeSeparator'>,
): Fields {
  const { path, fieldNames, expiresInUnit } = tokenResponse;
  let fields = path === undefined ? received : fieldsAt(received, path, grantType);
  if (fieldNames) fields = renamedFields(fields, fieldNames);
  if (expiresInUnit === 'milliseconds' && Object.hasOwn(fields, 'expires_in')) {
    fields = { ...fields, expires_in: inSeconds(fields.expires_in) };
  }
  if (scopeSeparator !== ' ' && typeof fields.scope === 'string') {
    fields = { ...fields, scope: fields.scope.split(scopeSeparator) };
  }
  return fields;
}

/**
 * Returns the fields of the object at a path, and the fields around it that do not belong to a token, such as Slack's `team`. The
 * response to a refresh may have the fields at the top level instead, because it has no other token (Slack).
 */
function fieldsAt(received: Fields, path: string, grantType: string): Fields {
  const keys = path.split('.');
  const found = keys.reduce<unknown>((value, key) => (isRecord(value) ? ownField(value, key) : undefined), received);
  if (!isRecord(found) && grantType === 'refresh_token') return received;
  const around = Object.entries(received).filter(([name]) => name !== keys[0] && !TOKEN_FIELDS.has(name));
  return Object.fromEntries([...around, ...(isRecord(found) ? Object.entries(found) : [])]);
}

/**
 * Returns the fields with standard names. A renamed field is read from the provider's name only: the standard name may have another
 * meaning. A provider's name is removed, unless it is also a standard name, so that a token is not kept twice.
 */
function renamedFields(fields: Fields, names: Readonly<Record<string, string>>): Fields {
  const renamed = Object.entries(names);
  const removed = new Set(renamed.flatMap(([name, source]) => (TOKEN_FIELDS.has(source) ? [name] : [name, source])));
  const kept = Object.entries(fields).filter(([name]) => !removed.has(name));
  const read = renamed.map(([name, source]): [string, unknown] => [name, ownField(fields, source)]);
  return Object.fromEntries([...kept, ...read.filter(([, value]) => value !== undefined)]);
}

/** Converts a number of milliseconds, also as a string. Any other value is unchanged. */
function inSeconds(value: unknown): unknown {
  const isNumber = typeof value === 'number' || (typeof value === 'string' && /^\d{1,16}$/.test(value));
  return isNumber ? Number(value) / 1000 : value;
}

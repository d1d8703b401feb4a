import fc from 'fast-check';
import { hostileValue, jsonOf, type HostileValue } from './hostile-value.js';

/** A change to one field of a valid JSON object. */
export type Edit =
  | { op: 'set' | 'repeat'; field: string; value: HostileValue }
  | { op: 'remove'; field: string }
  | { op: 'extra'; count: number };

/** Names of properties that objects of the library or of JavaScript have. */
const ODD_NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'toJSON',
  'then',
  'hasOwnProperty',
  'length',
  'accessToken',
  'refreshToken',
  'expiresAt',
  'expires_at',
  'tokenType',
  'idToken',
  'dpopKey',
  'dpop_key',
  'resource',
  'oauthToken',
  'error',
  'error_description',
  'error_uri',
  '',
  '\u0000',
  'é',
];

/** Generates changes to fields, mostly with these names. */
export function editsOf(fields: readonly string[]): fc.Arbitrary<Edit[]> {
  const field = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...fields) },
    { weight: 1, arbitrary: fc.constantFrom(...ODD_NAMES) },
  );
  const edit: fc.Arbitrary<Edit> = fc.oneof(
    { weight: 8, arbitrary: fc.record({ op: fc.constant('set' as const), field, value: hostileValue }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('repeat' as const), field, value: hostileValue }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('remove' as const), field }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('extra' as const), count: fc.constantFrom(20, 3000) }) },
  );
  return fc.array(edit, { minLength: 1, maxLength: 3 });
}

/** Applies the changes, and returns JSON source. A JavaScript object cannot have `__proto__` or a field twice. */
export function editedJson(valid: object, edits: readonly Edit[] = []): string {
  let fields = Object.entries(valid).map(([name, value]): [string, string] => [name, JSON.stringify(value)]);
  for (const edit of edits) {
    switch (edit.op) {
      case 'remove':
        fields = fields.filter(([name]) => name !== edit.field);
        break;
      case 'set':
        fields = fields.filter(([name]) => name !== edit.field);
        fields.push([edit.field, jsonOf(edit.value)]);
        break;
      case 'repeat':
        fields.push([edit.field, jsonOf(edit.value)]);
        break;
      case 'extra':
        for (let index = 0; index < edit.count; index++) fields.push([`extra_${index}`, '"x"']);
    }
  }
  return `{${fields.map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(',')}}`;
}

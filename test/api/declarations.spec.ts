import { expect, it } from '@jest/globals';
import { readPublicApi } from './declarations.js';

/**
 * Internal types in signatures: settings in camelCase or snake_case, for which applications use `ClientSettings`; and the list of
 * names that `PresetName` contains.
 */
const INTERNAL = ['EitherCase', 'SIMPLE_PRESETS'];

const api = readPublicApi();

it('the declarations compile without @internal members', () => {
  expect(api.errors).toEqual([]);
});

it('all examples of the documentation compile against the declarations', () => {
  expect(api.exampleErrors).toEqual([]);
});

it('public and protected signatures mention only exported types', () => {
  expect(api.unexported.filter(({ type }) => !INTERNAL.includes(type))).toEqual([]);
});

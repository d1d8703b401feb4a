import { expect, it } from '@jest/globals';
import { readPublicApi } from './declarations.js';

/** Applications use `ClientSettings` instead of settings in camelCase or snake_case, and `PresetName` instead of the list's keys. */
const INTERNAL = ['EitherCase', 'KNOWN_PRESETS'];

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

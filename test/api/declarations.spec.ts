import { expect, it } from '@jest/globals';
import { readPublicApi } from './declarations.js';

/** The internal type of settings in camelCase or snake_case. Applications use `ClientSettings` instead. */
const SPELLING = 'EitherCase';

const api = readPublicApi();

it('the declarations compile without @internal members', () => {
  expect(api.errors).toEqual([]);
});

it('all examples of the documentation compile against the declarations', () => {
  expect(api.exampleErrors).toEqual([]);
});

it('public and protected signatures mention only exported types', () => {
  expect(api.unexported.filter(({ type }) => type !== SPELLING)).toEqual([]);
});

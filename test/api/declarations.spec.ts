import { expect, it } from '@jest/globals';
import { readPublicApi } from './declarations.js';

/** `ClientSettings` in camelCase or snake_case, which applications name as a whole. */
const SPELLING = 'EitherCase';

const api = readPublicApi();

it('declarations compile without @internal members', () => {
  expect(api.errors).toEqual([]);
});

it('all examples of the documentation compile against the declarations', () => {
  expect(api.exampleErrors).toEqual([]);
});

it('public and protected signatures mention exported types only', () => {
  expect(api.unexported.filter(({ type }) => type !== SPELLING)).toEqual([]);
});

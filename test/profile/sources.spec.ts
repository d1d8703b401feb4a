import { describe, expect, it } from '@jest/globals';
import { findClaim } from '../../lib/profile/claim-sources.js';
import { ProfileData } from '../../lib/profile/profile-data.js';
import { parseBody } from '../../lib/profile/response-body.js';
import type { ClaimSource } from 'nestjs-oauth-client/protocol';

const RESPONSE = {
  id: 7,
  zero: 0,
  empty: '',
  nothing: null,
  name: 'Ada',
  last: 'L.',
  yes: true,
  no: false,
  word: 'TRUE',
  uri: '/users/123',
  list: [{ id: 'a' }, { id: 'b', main: true }, { id: 'c', main: true }],
  odd: [{ id: 'x', main: 'true' }, null, 'main'],
  nested: { deeper: { id: 'n' } },
  path: '/img/ada.png',
};

function data(): ProfileData {
  const sources = { token: { user: { id: 't' } }, id_token: { sub: 'i' }, callback: { realm: 'r' } };
  const found = new ProfileData(sources, 'me');
  found.add('me', RESPONSE);
  found.add('emails', [{ email: 'a@b.c', primary: true }]);
  return found;
}

describe('a path of a profile', () => {
  it.each<[string, unknown]>([
    ['name', 'Ada'],
    ['nested.deeper.id', 'n'],
    ['list.0.id', 'a'],
    ['list.[?main].id', 'b'],
    ['list[?main].id', 'b'],
    ['me:name', 'Ada'],
    ['token:user.id', 't'],
    ['id_token:sub', 'i'],
    ['callback:realm', 'r'],
    ['emails:[?primary].email', 'a@b.c'],
    ['emails:0.email', 'a@b.c'],
    ['list.3.id', undefined],
    ['list.-1.id', undefined],
    ['list.00.id', undefined],
    ['list.length', undefined],
    ['name.length', undefined],
    ['name.0', undefined],
    ['odd.[?main].id', undefined],
    ['name.[?main].id', undefined],
    ['nothing.id', undefined],
    ['missing.id', undefined],
    ['other:id', undefined],
    ['__proto__', undefined],
    ['constructor.name', undefined],
    ['list.constructor', undefined],
    ['nested.toString', undefined],
    ['name..x', undefined],
    ['', undefined],
  ])('finds its value or nothing: %s', (path, value) => {
    expect(data().at(path)).toEqual(value);
  });
});

describe('a source of a claim', () => {
  it.each<[string, ClaimSource, unknown]>([
    ['a path', 'name', 'Ada'],
    ['an empty string', 'empty', undefined],
    ['null', 'nothing', undefined],
    ['false', 'no', false],
    ['the first source with a value', ['missing', 'empty', 'nothing', 'name', 'last'], 'Ada'],
    ['a first source with the value 0', ['zero', 'name'], 0],
    ['sources without a value', ['missing', 'empty'], undefined],
    ['nested alternatives', [['missing'], { join: ['name', 'last'] }], 'Ada L.'],
    ['joined values', { join: ['name', 'missing', 'id'] }, 'Ada 7'],
    ['joined values that are absent', { join: ['missing', 'nested'] }, undefined],
    ['a template', { template: '{name}-{id}' }, 'Ada-7'],
    ['a template with an absent value', { template: '{name}-{missing}' }, undefined],
    ['a template with an object', { template: '{nested}' }, undefined],
    ['a template of a URL with a path', { template: 'https://p.test{path}' }, 'https://p.test/img/ada.png'],
    ['the part after a separator', { path: 'uri', after: '/' }, '123'],
    ['the part after a missing separator', { path: 'uri', after: '#' }, undefined],
    ['the part after the end', { path: 'path', after: 'png' }, undefined],
    ['the part of a number', { path: 'id', after: '' }, undefined],
    ['the existence of a value', { exists: 'name' }, true],
    ['the existence of an object', { exists: 'nested' }, true],
    ['the existence of null', { exists: 'nothing' }, false],
    ['the existence of an empty string', { exists: 'empty' }, false],
    ['the existence of false', { exists: 'no' }, false],
    ['the existence of a missing value', { exists: 'missing' }, false],
    ['an equal value', { path: 'id', equals: 7 }, true],
    ['a value of another type', { path: 'id', equals: '7' }, false],
    ['a missing value', { path: 'missing', equals: 'x' }, false],
    ['true values', { all: ['yes', 'word', { exists: 'id' }] }, true],
    ['true values and a false value', { all: ['yes', 'no'] }, false],
    ['true values and a missing value', { all: ['yes', 'missing'] }, false],
    ['a number among true values', { all: ['yes', 'id'] }, false],
    ['a constant', { value: true }, true],
  ])('has the value of %s', (_, source, value) => {
    expect(findClaim(source, data()).value).toBe(value);
  });
});

describe('the body of a response', () => {
  it.each<[string, string, unknown]>([
    ['JSON', '{"a":1}', { a: 1 }],
    ['JSON after a byte order mark', '\uFEFF{"a":1}', { a: 1 }],
    ['JSONP', 'callback( {"a":1} );', { a: 1 }],
    ['JSONP without a semicolon', 'window.cb_1({"a":"(b)"})', { a: '(b)' }],
    ['JSONP after a comment', '/**/ cb({"a":1});\r\n', { a: 1 }],
    ['JSONP with a list', 'cb([1])', [1]],
    ['a call with two arguments', 'cb({"a":1},2)', undefined],
    ['a script', 'alert(1);cb({"a":1})', undefined],
    ['HTML', '<html>(1)</html>', undefined],
    ['text', 'not json', undefined],
    ['nothing', '', undefined],
  ])('is read: %s', (_, body, value) => {
    expect(parseBody(body)).toEqual(value);
  });

  it.each([
    ['{"id":9007199254740993}', { id: '9007199254740993' }],
    ['{"id":-9007199254740993}', { id: '-9007199254740993' }],
    ['{"id":9007199254740991}', { id: 9007199254740991 }],
    ['[12345678901234567890123456789]', ['12345678901234567890123456789']],
    ['{"a":"\\"9007199254740993","b":9007199254740993}', { a: '"9007199254740993', b: '9007199254740993' }],
    ['{"9007199254740993":1.5}', { '9007199254740993': 1.5 }],
    ['{"id":0.1234567890123456789}', { id: 0.12345678901234568 }],
  ])('keeps the digits of integers: %s', (body, value) => {
    expect(parseBody(body)).toEqual(value);
  });
});

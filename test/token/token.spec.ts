import { describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { InvalidTokenError } from 'nestjs-oauth-client';
import { isExpired, readOAuth1Token, readOAuth2Token } from '../../lib/token/token.js';

const NOW = 1_700_000_000_999;
const NOW_IN_SECONDS = 1_700_000_000;

describe('an OAuth 2 token', () => {
  it.each([
    ['with wire names', { access_token: 'a', token_type: 'Bearer', refresh_token: 'r', expires_at: 5, id_token: 'i' }],
    ['with camelCase names', { accessToken: 'a', tokenType: 'bearer', refreshToken: 'r', expiresAt: 5, idToken: 'i' }],
    ['with mixed names', { access_token: 'a', tokenType: 'BEARER', refresh_token: 'r', expiresAt: 5, id_token: 'i' }],
  ])('is read %s', (_, stored) => {
    expect(readOAuth2Token(stored)).toEqual({
      accessToken: 'a',
      tokenType: 'bearer',
      refreshToken: 'r',
      expiresAt: 5,
      idToken: 'i',
    });
  });

  it('does not change when it is read again', () => {
    const token = readOAuth2Token({ access_token: 'a', expires_in: 60, refresh_token: 'r', team_id: 'T' }, NOW);
    expect(readOAuth2Token(token, NOW + 1e6)).toEqual(token);
  });

  it('keeps other fields of the provider with their names', () => {
    const answer = { access_token: 'a', scope: 'x', team_id: 'T', authed_user: { id: 1 } };
    expect(readOAuth2Token(answer)).toEqual({
      accessToken: 'a',
      tokenType: 'bearer',
      scope: 'x',
      team_id: 'T',
      authed_user: { id: 1 },
    });
  });

  it('omits fields of a database row that are null', () => {
    const row = {
      id: 7,
      accessToken: 'a',
      tokenType: null,
      refreshToken: null,
      expiresAt: null,
      scope: null,
      idToken: undefined,
    };
    expect(Object.keys(readOAuth2Token(row)).sort()).toEqual(['accessToken', 'id', 'tokenType']);
    expect(readOAuth2Token({ access_token: 'a', token_type: '', refresh_token: '' })).toEqual({
      accessToken: 'a',
      tokenType: 'bearer',
    });
  });

  it.each([
    [{ expires_in: 3600 }, NOW_IN_SECONDS + 3600],
    [{ expires_in: '3600' }, NOW_IN_SECONDS + 3600],
    [{ expires_in: 3600.9 }, NOW_IN_SECONDS + 3600],
    [{ expires_in: 0 }, NOW_IN_SECONDS],
    [{ expires_at: 100 }, 100],
    [{ expires_at: '100' }, 100],
    [{ expires_at: 100.5 }, 100],
    [{ expires_at: 100, expires_in: 3600 }, 100],
    [{ expires_at: null, expires_in: 3600 }, NOW_IN_SECONDS + 3600],
    // Authlib: test_expires_in_used_when_expires_at_unparseable
    [{ expires_at: 'next year', expires_in: 3600 }, NOW_IN_SECONDS + 3600],
    // Authlib: test_unparseable_expires_at_returns_none
    [{ expires_at: 'next year' }, undefined],
    [{ expires_at: '2024-01-01T00:00:00Z', expires_in: 3600 }, 1_704_067_200],
    [{ expires_at: 1_704_067_200_000 }, 1_704_067_200],
    [{ expires_at: new Date(1_704_067_200_000) }, 1_704_067_200],
    [{ expires_at: '1h', expires_in: '3600abc' }, undefined],
    [{ expires_at: '', expires_in: '' }, undefined],
    [{ expires_at: ' ', expires_in: ' ' }, undefined],
    [{ expires_in: 'soon' }, undefined],
    [{ expires_in: Infinity }, undefined],
    [{ expires_in: NaN }, undefined],
    [{ expires_in: [3600] }, undefined],
    [{ expires_at: true }, undefined],
    [{}, undefined],
  ])('with %j expires at %j', (fields, expected) => {
    const token = readOAuth2Token({ access_token: 'a', ...fields }, NOW);
    expect(token.expiresAt).toBe(expected);
    expect('expiresAt' in token).toBe(expected !== undefined);
  });

  it.each([
    [{ expires_in: 3600 }, 3600],
    [{ expires_in: '3600.9' }, 3600],
    [{ expires_at: 100, expiresIn: 60 }, 60],
    [{ expires_in: 'soon' }, undefined],
    [{ expires_at: 100 }, undefined],
  ])('with %j has a lifetime of %j seconds', (fields, expected) => {
    const token = readOAuth2Token({ access_token: 'a', ...fields }, NOW);
    expect(token.expiresIn).toBe(expected);
    expect('expiresIn' in token).toBe(expected !== undefined);
  });

  it.each([
    [['user:read', 'chat:read'], 'user:read chat:read'],
    ['a b', 'a b'],
    [['a', 7, '', 'b'], 'a b'],
    [[], undefined],
    ['', undefined],
    [7, undefined],
    [{ 0: 'a' }, undefined],
  ])('with the scope %j has the scope %j', (scope, expected) => {
    expect(readOAuth2Token({ access_token: 'a', scope }).scope).toBe(expected);
  });

  it.each([
    ['Bearer ', 'bearer'],
    ['BearerToken', 'bearer'],
    ['user', 'bearer'],
    ['User Access Token', 'bearer'],
    ['MAC', 'mac'],
    [7, 'bearer'],
  ])('with the token_type %j is of the type %j', (token_type, expected) => {
    expect(readOAuth2Token({ access_token: 'a', token_type }).tokenType).toBe(expected);
  });

  it.each([
    [{}],
    [{ access_token: '' }],
    [{ access_token: null }],
    [{ access_token: 5 }],
    [{ access_token: ['a'] }],
    [{ oauth_token: 's3cret', oauth_token_secret: 's3cret' }],
    [{ error: 's3cret' }],
    [['s3cret']],
  ])('is refused if it is %j, with an error that does not show values', (value) => {
    let error: unknown;
    try {
      readOAuth2Token(value);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(InvalidTokenError);
    expect((error as InvalidTokenError).getStatus()).toBe(500);
    expect((error as InvalidTokenError).description).toMatch(/^an OAuth 2 token has `accessToken`; what came has /);
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('s3cret');
  });

  it('does not use a field named __proto__ as its prototype', () => {
    const answer = JSON.parse('{"access_token":"a","__proto__":{"refreshToken":"evil","expiresAt":1}}') as object;
    const token = readOAuth2Token(answer);
    expect(Object.getPrototypeOf(token)).toBe(Object.prototype);
    expect(token.refreshToken).toBeUndefined();
    expect(token.expiresAt).toBeUndefined();
  });

  it('is not read from inherited properties', () => {
    expect(() => readOAuth2Token(Object.create({ accessToken: 'a' }) as object)).toThrow(InvalidTokenError);
  });
});

describe('isExpired', () => {
  it('is true after the expiry (Authlib: test_token_status)', () => {
    expect(isExpired(readOAuth2Token({ access_token: 'a', token_type: 'bearer', expires_at: 100 }))).toBe(true);
  });

  it('is true within the leeway (Authlib: test_token_status2)', () => {
    expect(isExpired(readOAuth2Token({ access_token: 'a', token_type: 'bearer', expires_in: 10 }), 15)).toBe(true);
  });

  it('is false before the leeway (Authlib: test_token_status3)', () => {
    expect(isExpired(readOAuth2Token({ access_token: 'a', token_type: 'bearer', expires_in: 10 }), 5)).toBe(false);
  });

  it('is false for a token without an expiry', () => {
    expect(isExpired(readOAuth2Token({ access_token: 'a' }), 1e9)).toBe(false);
    expect(isExpired(readOAuth2Token({ access_token: 'a', expires_at: 'next year' }), 1e9)).toBe(false);
  });

  it('changes exactly at the expiry', () => {
    const token = readOAuth2Token({ access_token: 'a', expires_at: 1000 });
    expect(isExpired(token, 0, 999_999)).toBe(false);
    expect(isExpired(token, 0, 1_000_000)).toBe(true);
    expect(isExpired(token, 60, 939_999)).toBe(false);
    expect(isExpired(token, 60, 940_000)).toBe(true);
  });
});

describe('an OAuth 1 token', () => {
  it.each([
    ['with wire names', { oauth_token: 't', oauth_token_secret: 's' }],
    ['with camelCase names', { oauthToken: 't', oauthTokenSecret: 's' }],
    ['with mixed names', { oauth_token: 't', oauthTokenSecret: 's' }],
  ])('is read %s', (_, stored) => {
    expect(readOAuth1Token(stored)).toEqual({ oauthToken: 't', oauthTokenSecret: 's' });
  });

  it('keeps other fields of the provider unless they are null', () => {
    const answer = { oauth_token: 't', oauth_token_secret: 's', screen_name: 'jo', user_id: '5', email: null };
    expect(readOAuth1Token(answer)).toEqual({
      oauthToken: 't',
      oauthTokenSecret: 's',
      screen_name: 'jo',
      user_id: '5',
    });
    expect(readOAuth1Token(answer)).not.toHaveProperty('email');
  });

  it('is accepted with an empty secret, but not without a secret', () => {
    expect(readOAuth1Token({ oauth_token: 't', oauth_token_secret: '' })).toMatchObject({ oauthTokenSecret: '' });
    expect(() => readOAuth1Token({ oauth_token: 't' })).toThrow(InvalidTokenError);
    expect(() => readOAuth1Token({ oauth_token: 't', oauth_token_secret: null })).toThrow(InvalidTokenError);
    expect(() => readOAuth1Token({ oauth_token: '', oauth_token_secret: 's' })).toThrow(InvalidTokenError);
  });

  it('is refused if it is an OAuth 2 token, with an error that shows only field names', () => {
    expect(() => readOAuth1Token({ access_token: 's3cret' })).toThrow(
      /^token_invalid: an OAuth 1 token has `oauthToken` and `oauthTokenSecret`; what came has access_token$/,
    );
  });
});

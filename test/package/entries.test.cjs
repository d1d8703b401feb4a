const assert = require('node:assert/strict');
const { test } = require('node:test');
const { OAuthError } = require('nestjs-oauth-client');
const { OAuthHealthIndicator } = require('nestjs-oauth-client/health');
const { RedisTokenStore } = require('nestjs-oauth-client/redis');
const { EncryptedTokenStore, MemoryTokenStore } = require('nestjs-oauth-client/stores');
const { getPreset, presetNames } = require('nestjs-oauth-client/presets');
const testing = require('nestjs-oauth-client/testing');
const { TypeOrmTokenStore } = require('nestjs-oauth-client/typeorm');

const TOKEN = { accessToken: 'a-token', tokenType: 'bearer' };

test('an error of a subpath is an instance of the class that the main entry exports', async () => {
  await assert.rejects(async () => new MemoryTokenStore().save({ name: '', user: '' }, TOKEN), OAuthError);
});

test('the data of the presets is in the package', () => {
  assert.ok(presetNames().length >= 500);
  assert.equal(getPreset('github').title, 'GitHub');
});

test('every subpath has its classes', () => {
  assert.equal(typeof RedisTokenStore, 'function');
  assert.equal(typeof TypeOrmTokenStore, 'function');
  assert.equal(typeof EncryptedTokenStore, 'function');
  assert.equal(typeof OAuthHealthIndicator, 'function');
  assert.equal(testing.MemoryTokenStore, MemoryTokenStore);
  assert.deepEqual({ ...require('nestjs-oauth-client/protocol') }, {});
});

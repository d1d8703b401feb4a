import { NestFactory } from '@nestjs/core';
import * as library from 'nestjs-oauth-client';
import * as stores from 'nestjs-oauth-client/stores';
import * as testing from 'nestjs-oauth-client/testing';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import 'reflect-metadata';
import dependency from './dependency.cjs';

test('an ES module and a CommonJS dependency of it share every class, function and token', () => {
  for (const [name, value] of Object.entries(library)) assert.equal(dependency.library[name], value, name);
  for (const [name, value] of Object.entries(stores)) assert.equal(dependency.stores[name], value, name);
  for (const [name, value] of Object.entries(testing)) assert.equal(dependency.testing[name], value, name);
  assert.equal(dependency.library.getRemoteAppToken('github'), library.getRemoteAppToken('github'));
});

test('an error that a CommonJS dependency throws is an instance of the class that an ES module imports', () => {
  assert.throws(() => dependency.stores.tokenKey('', ''), library.OAuthError);
});

test('a CommonJS dependency gets the registry and the apps of the module that an ES module set up', async () => {
  const github = {
    clientId: 'id',
    authorizeUrl: 'https://github.test/authorize',
    accessTokenUrl: 'https://github.test/token',
  };
  const module = library.OAuthClientModule.forRoot({ clients: { github }, configKey: 'NONE' });
  const app = await NestFactory.createApplicationContext(module, { logger: ['error'] });
  const { OAuthRegistry, OAuth2App } = dependency.library;
  assert.ok(app.get(OAuthRegistry).get('github') instanceof OAuth2App);
  await app.close();
});

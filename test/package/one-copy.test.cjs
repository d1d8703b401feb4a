const assert = require('node:assert/strict');
const { test } = require('node:test');
const library = require('nestjs-oauth-client');
const dependency = require('./dependency.cjs');

test('CommonJS code gets the same copy from require() and from import()', async () => {
  const imported = await dependency.importLibrary();
  for (const [name, value] of Object.entries(imported)) assert.equal(library[name], value, name);
});

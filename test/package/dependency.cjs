// A CommonJS dependency of an application, which uses the library too.
module.exports = {
  library: require('nestjs-oauth-client'),
  stores: require('nestjs-oauth-client/stores'),
  testing: require('nestjs-oauth-client/testing'),
  importLibrary: () => import('nestjs-oauth-client'),
};

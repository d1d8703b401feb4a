/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.spec.ts'],
  globalSetup: '<rootDir>/test/support/jest/say-what-skips.ts',
  setupFiles: ['<rootDir>/test/support/jest/log-to-console.ts'],
  reporters: [
    '<rootDir>/test/support/jest/quiet-reporter.mjs',
    'default',
    '<rootDir>/test/support/jest/skips-reporter.mjs',
  ],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'es6' },
      },
    ],
  },
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '^nestjs-oauth-client$': '<rootDir>/lib/index.ts',
    '^nestjs-oauth-client/(\\w+)$': '<rootDir>/lib/$1/index.ts',
  },
  collectCoverageFrom: ['lib/**/*.ts'],
  coverageProvider: 'v8',
  coverageReporters: ['text', 'lcov'],
  coverageThreshold: { global: { lines: 95 } },
  maxWorkers: '100%',
  workerIdleMemoryLimit: '700MB', // modules of earlier test files stay in a worker, and slow down the coverage of the next
  testTimeout: 20_000,
};

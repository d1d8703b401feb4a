import { availableParallelism } from 'node:os';

/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.spec.ts'],
  globalSetup: '<rootDir>/test/support/jest/warn-about-skipped-tests.ts',
  setupFiles: ['<rootDir>/test/support/jest/log-to-console.ts'],
  reporters: [
    '<rootDir>/test/support/jest/quiet-reporter.mjs',
    'default',
    '<rootDir>/test/support/jest/skips-reporter.mjs',
  ],
  testSequencer: '<rootDir>/test/support/jest/slow-first-sequencer.mjs',
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
  coverageProvider: 'babel', // with the coverage of V8, the tests take 50% longer
  coverageReporters: ['text', 'lcov'],
  coverageThreshold: { global: { lines: 95 } },
  maxWorkers: Math.ceil(1.5 * availableParallelism()), // many tests are idle: they wait for the end of a lease, for a process or for a poll
  workerIdleMemoryLimit: '1GB', // a worker does not release the modules of earlier test files
  testTimeout: 20_000,
};

import base from './jest.config.js';

/** `npm run test:fast`: the tests that mirror `lib/`, without those that start a process, a browser or a database, or wait. */
const SLOW_FOLDERS = [
  'api',
  'bench',
  'cluster',
  'conformance',
  'docs',
  'e2e',
  'fuzz',
  'redis',
  'security',
  'support',
  'testing',
  'typeorm',
];
const SLOW_FILES = [
  'config/junk',
  'config/without-nest-config',
  'module/start-up',
  'observability/without-opentelemetry',
  'remote-app/device-login',
  'remote-app/dpop-nonces',
  'remote-app/prefetch',
  'routes/interceptors',
  'routes/slow-session',
  'token/memory-token-store',
];

/** @type {import('jest').Config} */
export default {
  ...base,
  testPathIgnorePatterns: [
    ...SLOW_FOLDERS.map((folder) => `/test/${folder}/`),
    ...SLOW_FILES.map((file) => `/test/${file}`),
  ],
};

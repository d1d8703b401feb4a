/** The layers of lib/, from the lowest. A folder may import from the rows above its row, and from itself. */
const LAYERS = [
  ['^lib/common/'],
  ['^lib/errors/'],
  ['^lib/sealing/', '^lib/observability/', '^lib/oauth1/'],
  ['^lib/token/', '^lib/http/'],
  ['^lib/config/'],
  ['^lib/presets/'],
  ['^lib/oauth2/wire/'],
  ['^lib/oauth2/client/'],
  ['^lib/oauth2/provider/'],
  ['^lib/oauth2/access-token/'],
  ['^lib/oauth2/openid/'],
  ['^lib/oauth2/authorization/'],
  ['^lib/oauth2/grants/', '^lib/profile/', '^lib/state/', '^lib/refresh/'],
  ['^lib/remote-app/'],
  ['^lib/registry/'],
  ['^lib/oauth\\.registry\\.ts$'],
  ['^lib/oauth-client\\.options\\.ts$'],
  ['^lib/module/'],
  ['^lib/routes/', '^lib/health/'],
  ['^lib/oauth-client\\.module\\.ts$'],
  ['^lib/index\\.ts$', '^lib/(stores|redis|typeorm|testing|protocol)/'],
];

const layerRules = LAYERS.flatMap((folders, height) =>
  folders.map((folder) => ({
    name: `downwards-only from ${folder.replace(/[\\^$]|\/$/g, '')}`,
    severity: 'error',
    from: { path: folder },
    to: { path: '^lib/', pathNot: [folder, ...LAYERS.slice(0, height).flat()] },
  })),
);

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...layerRules,
    {
      name: 'every-file-has-a-layer',
      comment: 'Add a new folder to LAYERS.',
      severity: 'error',
      from: { path: '^lib/', pathNot: LAYERS.flat() },
      to: {},
    },
    {
      name: 'oauth1-is-pure-protocol',
      comment: 'Contains only RFC 5849: no Nest, no HTTP, no packages.',
      severity: 'error',
      from: { path: '^lib/oauth1/' },
      to: {
        pathNot: [
          '^lib/oauth1/',
          '^lib/errors/',
          '^lib/common/(media-type|percent-encode|random-text)\\.ts$',
          '^(node:)?crypto$',
        ],
      },
    },
    {
      name: 'oauth2-is-pure-protocol',
      comment: 'The steps of OAuth 2.0 and OpenID Connect do not depend on Nest.',
      severity: 'error',
      from: { path: '^lib/oauth2/' },
      to: { path: '(^|/)node_modules/@nestjs/' },
    },
    {
      name: 'axios-is-loaded-late',
      comment: 'Use HttpClient. loadAxios() loads axios when the application starts.',
      severity: 'error',
      from: { path: '^lib/', pathNot: '^lib/http/' },
      to: {
        path: ['^node_modules/axios/', '^lib/http/(axios-(instance|requests)|(api|protocol)-request)\\.ts$'],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'jose-is-loaded-late',
      comment: 'Use loadJose(), which loads jose with the first signature, or an entry of jose for one function.',
      severity: 'error',
      from: { path: '^lib/' },
      to: { path: '^node_modules/jose/dist/\\w+/index\\.', dynamic: false, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'lib-stands-alone',
      severity: 'error',
      from: { path: '^lib/' },
      to: { path: '^(test|sample|bench|dist|build)/' },
    },
    {
      name: 'no-dev-dependencies',
      comment:
        'Not even for types: users of the package do not install them. Nest is both a peer and a dev dependency.',
      severity: 'error',
      from: { path: '^lib/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm-peer'] },
    },
    {
      name: 'only-declared-packages',
      severity: 'error',
      comment: 'An optional peer is listed twice: its entry in peerDependenciesMeta is ignored.',
      from: { path: '^lib/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'unknown'], dependencyTypesNot: ['npm-peer'] },
    },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-circles-of-folders',
      severity: 'error',
      scope: 'folder',
      from: { path: '^lib/.' },
      to: { path: '^lib/.', circular: true },
    },
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-orphans', severity: 'error', from: { orphan: true }, to: {} },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};

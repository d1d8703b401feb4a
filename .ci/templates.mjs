// Makes the default application of Nest 11 and of Nest 12 with `nest new`, installs the packed library, does what the README and
// docs/testing.md say, and builds, tests and runs the application: `node .ci/templates.mjs 11 12`, both by default. The
// applications are made side by side. The outcome of each step is a line of build/templates.log.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { environment, run } from './node-versions.mjs';
import { applyDiff, blocksOf, commandsIn, filesIn, forCommonJs, forEsModules } from './pages.mjs';
import { signIn } from './sign-in.mjs';
import { step } from './steps.mjs';

const TEMPLATES = {
  11: {
    commonJs: true,
    builders: ['swc', 'webpack'],
    buildTools: [], // webpack comes with Nest's CLI
    otherTestRunner: 'Vitest in CommonJS',
    modules: [['node16'], ['commonjs', 'node10']],
  },
  12: {
    commonJs: false,
    builders: ['swc', 'rspack'], // Nest's CLI refuses webpack in an application of ES modules
    buildTools: ['@rspack/core', 'webpack-node-externals', 'tsconfig-paths-webpack-plugin'],
    otherTestRunner: 'Jest in ES modules',
    modules: [['nodenext']],
  },
};
const NODE_VERSIONS = ['20', '22', '24'];
/** The oldest and the newest version. */
const TEST_RUNNER_VERSIONS = ['20', '24'];
/** All declarations of the package and of its dependencies are checked. */
const TYPE_OPTIONS = {
  noEmit: true,
  skipLibCheck: false,
  strict: true,
  exactOptionalPropertyTypes: true,
  esModuleInterop: true, // as in Nest's templates; zod's declarations need it in CommonJS
  target: 'es2023',
  types: ['node'],
};

/** A folder that the template does not compile, with a copy of the sources in the other module kind. */
const OTHER_KIND = 'test/other-kind';

const repository = join(import.meta.dirname, '..');
const readme = join(repository, 'README.md');
const testingPage = join(repository, 'docs', 'testing.md');
const fixtures = join(repository, 'test', 'package');

const workspace = mkdtempSync(join(tmpdir(), 'nestjs-oauth-client-'));
const majors = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(TEMPLATES);
try {
  await Promise.all([downloadNode(), ...majors.map((major) => driveTemplate(major, TEMPLATES[major]))]);
} finally {
  rmSync(workspace, { recursive: true, force: true });
}

function downloadNode() {
  return step(`Node ${NODE_VERSIONS.join(', ')}`, () => Promise.all(NODE_VERSIONS.map((node) => environment(node))));
}

async function driveTemplate(major, template) {
  const nest = `Nest ${major}`;
  const app = join(workspace, `nest-${major}`);
  const { commonJs } = template;
  const isSetUp = await step(`${nest}: nest new, and the quick start of the README`, async () => {
    await createApplication(major, app);
    await followQuickStart(major, app, commonJs);
  });
  if (!isSetUp) return;

  const [ownKind, otherKind] = commonJs ? ['CommonJS', 'ES modules'] : ['ES modules', 'CommonJS'];
  await step(`${nest}, ${ownKind}: npm run build`, async () => {
    await run('npm run build', app);
    assertKind(join(app, 'dist'), commonJs);
  });
  for (const node of NODE_VERSIONS) {
    await step(`Node ${node}, ${nest}, ${ownKind}: sign in`, () => signIn(app, node));
  }
  for (const node of TEST_RUNNER_VERSIONS) {
    await step(`Node ${node}, ${nest}: npm test`, () => run('npm test', app, node));
    await step(`Node ${node}, ${nest}: npm run test:e2e`, () => run('npm run test:e2e', app, node));
  }
  await useFurtherTools(nest, app, template);
  await step(`${nest}, ${otherKind}: tsc`, () => compileOtherKind(app, !commonJs));
  for (const node of NODE_VERSIONS) {
    await step(`Node ${node}, ${nest}, ${otherKind}: sign in`, () => signIn(app, node, `${OTHER_KIND}/dist/main`));
  }
  await checkPackage(nest, app, template);
  if (commonJs) {
    await step(`${nest}: module: commonjs, moduleResolution: node10`, async () => {
      useClassicModules(join(app, 'tsconfig.json'));
      await run('npm run build', app);
      await signIn(app, NODE_VERSIONS[0]);
      await run('npm test', app);
    });
  }
}

async function createApplication(major, app) {
  const options = '--skip-install --skip-git --package-manager npm';
  await run(`npx -y @nestjs/cli@${major} new ${basename(app)} ${options}`, workspace);
  dropLinters(app);
}

async function followQuickStart(major, app, commonJs) {
  const quickStart = blocksOf(readme, 'Quick start');
  for (const command of commandsIn(quickStart, `Nest ${major}`).filter(isInstall)) await run(withTarball(command), app);
  const edits = quickStart.filter(({ language }) => language === 'diff');
  const files = [
    ...filesIn([...blocksOf(readme), ...blocksOf(testingPage)]).filter(({ path }) => path.startsWith('src/')),
    ...edits.map(({ code }) => applyDiff(code, (path) => readFileSync(join(app, path), 'utf8'))),
  ];
  for (const file of files) writeFileIn(app, commonJs ? forCommonJs(file) : file);
  writeFileIn(app, { path: '.env', code: quickStart.find(({ code }) => code.startsWith('GITHUB_CLIENT_ID='))?.code });
}

/** Compiles the application as CommonJS instead of ES modules, or the other way round, in a folder of its own. */
async function compileOtherKind(app, commonJs) {
  const type = commonJs ? 'commonjs' : 'module';
  const compilerOptions = { ...TYPE_OPTIONS, noEmit: false, incremental: false, rootDir: 'src', outDir: 'dist' };
  const options = { extends: '../../tsconfig.json', compilerOptions, include: ['src'] };
  writeFileIn(app, { path: `${OTHER_KIND}/package.json`, code: JSON.stringify({ type }) });
  writeFileIn(app, { path: `${OTHER_KIND}/tsconfig.json`, code: JSON.stringify(options) });
  cpSync(join(fixtures, 'types.ts'), join(app, OTHER_KIND, 'src', 'types.ts'), { recursive: true });
  for (const path of readdirSync(join(app, 'src')).filter((name) => !name.endsWith('.spec.ts'))) {
    const file = { path, code: readFileSync(join(app, 'src', path), 'utf8') };
    writeFileIn(join(app, OTHER_KIND, 'src'), withShutdownHooks(commonJs ? forCommonJs(file) : forEsModules(file)));
  }
  await run(`npx tsc -p ${OTHER_KIND}`, app);
  assertKind(join(app, OTHER_KIND, 'dist'), commonJs);
}

function assertKind(dist, commonJs) {
  for (const file of ['main.js', 'auth.module.js'])
    assert.equal(
      /\brequire\(/.test(readFileSync(join(dist, file), 'utf8')),
      commonJs,
      `${file} is not of the module kind`,
    );
}

/** As docs/many-machines.md recommends. Otherwise the application has nothing to do when it stops. */
function withShutdownHooks({ path, code }) {
  return { path, code: code.replace(/^( *)await app\.listen/m, '$1app.enableShutdownHooks();\n$&') };
}

async function useFurtherTools(nest, app, { builders, buildTools, otherTestRunner }) {
  const otherRunner = blocksOf(testingPage, otherTestRunner);
  await step(`${nest}: further tools`, () => {
    const [command] = commandsIn(otherRunner).filter(isInstall);
    return run([command, '@swc/core', '@swc/cli', ...buildTools, 'typeorm'].join(' '), app);
  });
  for (const builder of builders) {
    await step(`${nest}: nest build --builder ${builder}, and sign in`, async () => {
      await run(`npx nest build --builder ${builder}`, app);
      for (const node of TEST_RUNNER_VERSIONS) await signIn(app, node);
    });
  }
  await step(`${nest}: ${otherTestRunner}`, async () => {
    for (const file of filesIn(otherRunner)) writeFileIn(app, file);
    const commands = commandsIn(otherRunner).filter((line) => !isInstall(line));
    for (const node of TEST_RUNNER_VERSIONS) for (const command of commands) await run(command, app, node);
  });
}

async function checkPackage(nest, app, { commonJs, modules }) {
  const checks = join(app, 'test', 'package'); // in a folder that the template does not compile
  cpSync(fixtures, checks, { recursive: true });
  for (const node of NODE_VERSIONS) {
    await step(`Node ${node}, ${nest}: one copy of the module`, async () => {
      await run('node --test one-copy.test.mjs one-copy.test.cjs entries.test.cjs', checks, node);
      if (commonJs) await run('node --no-experimental-require-module --test entries.test.cjs', checks, node);
    });
  }
  for (const [module, moduleResolution = module] of modules) {
    await step(`${nest}: types in ${module}, ${moduleResolution}`, async () => {
      const compilerOptions = { ...TYPE_OPTIONS, module, moduleResolution };
      writeFileIn(checks, { path: 'tsconfig.json', code: JSON.stringify({ compilerOptions, files: ['types.ts'] }) });
      await run('npx tsc', checks);
    });
  }
}

/** The linters of the template are half of its packages, and nothing here runs them. */
function dropLinters(app) {
  const path = join(app, 'package.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8'));
  const kept = Object.entries(manifest.devDependencies).filter(([name]) => !/lint|prettier|globals|mau/.test(name));
  writeFileSync(path, JSON.stringify({ ...manifest, devDependencies: Object.fromEntries(kept) }, null, 2));
}

/** What `nest new` wrote before Nest 11. */
function useClassicModules(path) {
  const { compilerOptions, ...rest } = JSON.parse(readFileSync(path, 'utf8'));
  delete compilerOptions.resolvePackageJsonExports; // not for node10
  const options = { ...compilerOptions, module: 'commonjs', moduleResolution: 'node10' };
  writeFileSync(path, JSON.stringify({ ...rest, compilerOptions: options }));
}

function isInstall(command) {
  return command.startsWith('npm install ');
}

function withTarball(command) {
  const folder = join(repository, 'build', 'package');
  const tarball = readdirSync(folder).find((file) => file.endsWith('.tgz'));
  assert.ok(tarball, 'run `npm run check:package` first: it packs the library');
  return command.replace(' nestjs-oauth-client ', ` ${join(folder, tarball)} `);
}

function writeFileIn(app, { path, code }) {
  const file = join(app, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, code);
}

// Makes the default application of Nest 11 and of Nest 12 with `nest new`, installs the packed library, does what the README and
// docs/testing.md say, and builds, tests and runs the application: `node .ci/templates.mjs 11 12`, both by default.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { applyDiff, blocksOf, commandsIn, filesIn, forCommonJs } from './pages.mjs';
import { signIn } from './sign-in.mjs';

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
/** CI runs on the first one. */
const NODE_VERSIONS = ['20', '24'];
/** All declarations of the package and of its dependencies are checked: `skipLibCheck` is off. */
const TYPE_OPTIONS = {
  noEmit: true,
  strict: true,
  exactOptionalPropertyTypes: true,
  esModuleInterop: true, // as in Nest's templates; zod's declarations need it in CommonJS
  target: 'es2023',
  types: ['node'],
};

const repository = join(import.meta.dirname, '..');
const readme = join(repository, 'README.md');
const testingPage = join(repository, 'docs', 'testing.md');
const fixtures = join(repository, 'test', 'package');

const folders = {};
const workspace = mkdtempSync(join(tmpdir(), 'nestjs-oauth-client-'));
const majors = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(TEMPLATES);
try {
  for (const major of majors) await driveTemplate(major, TEMPLATES[major]);
} finally {
  rmSync(workspace, { recursive: true, force: true });
}

async function driveTemplate(major, { commonJs, builders, buildTools, otherTestRunner, modules }) {
  const name = `nest-${major}`;
  const app = join(workspace, name);
  const otherRunner = blocksOf(testingPage, otherTestRunner);

  await step(`Nest ${major}: nest new`, () => {
    run(`npx -y @nestjs/cli@${major} new ${name} --skip-install --skip-git --package-manager npm`, workspace);
    dropLinters(app);
  });

  const quickStart = blocksOf(readme, 'Quick start');
  await step('the quick start of the README', () => {
    for (const command of commandsIn(quickStart, `Nest ${major}`).filter(isInstall)) run(withTarball(command), app);
    const edits = quickStart.filter(({ language }) => language === 'diff');
    const files = [
      ...filesIn([...blocksOf(readme), ...blocksOf(testingPage)]).filter(({ path }) => path.startsWith('src/')),
      ...edits.map(({ code }) => applyDiff(code, (path) => readFileSync(join(app, path), 'utf8'))),
    ];
    for (const file of files) writeFileIn(app, commonJs ? forCommonJs(file) : file);
    writeFileIn(app, { path: '.env', code: quickStart.find(({ code }) => code.startsWith('GITHUB_CLIENT_ID='))?.code });
  });

  await step('npm run build', () => run('npm run build', app));
  for (const node of NODE_VERSIONS) {
    await step(`sign in, Node ${node}`, () => signIn(app, environment(node)));
    await step(`npm test, Node ${node}`, () => run('npm test', app, node));
    await step(`npm run test:e2e, Node ${node}`, () => run('npm run test:e2e', app, node));
  }

  await step('further tools', () => {
    const [command] = commandsIn(otherRunner).filter(isInstall);
    run([command, '@swc/core', '@swc/cli', ...buildTools, 'typeorm'].join(' '), app);
  });
  for (const builder of builders) {
    await step(`nest build --builder ${builder}`, () => run(`npx nest build --builder ${builder}`, app));
    for (const node of NODE_VERSIONS) await step(`sign in, Node ${node}`, () => signIn(app, environment(node)));
  }
  await step(otherTestRunner, () => {
    for (const file of filesIn(otherRunner)) writeFileIn(app, file);
    const commands = commandsIn(otherRunner).filter((line) => !isInstall(line));
    for (const node of NODE_VERSIONS) for (const command of commands) run(command, app, node);
  });

  const checks = join(app, 'test', 'package'); // in a folder that the template does not compile
  cpSync(fixtures, checks, { recursive: true });
  for (const node of NODE_VERSIONS) {
    await step(`one copy of the module, Node ${node}`, () => {
      run('node --test one-copy.test.mjs one-copy.test.cjs entries.test.cjs', checks, node);
      if (commonJs) run('node --no-experimental-require-module --test entries.test.cjs', checks, node);
    });
  }
  for (const [module, moduleResolution = module] of modules) {
    await step(`types in ${module}, ${moduleResolution}`, () => {
      const compilerOptions = { ...TYPE_OPTIONS, module, moduleResolution };
      writeFileIn(checks, { path: 'tsconfig.json', code: JSON.stringify({ compilerOptions, files: ['types.ts'] }) });
      run('npx tsc', checks);
    });
  }
  if (commonJs) {
    await step('module: commonjs, moduleResolution: node10', async () => {
      useClassicModules(join(app, 'tsconfig.json'));
      run('npm run build', app);
      await signIn(app, environment(NODE_VERSIONS[0]));
      run('npm test', app);
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

/** Prints a line, and the output of commands only if one fails. */
async function step(title, action) {
  const start = performance.now();
  await action();
  console.log(`${title} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
}

function run(command, cwd, node = NODE_VERSIONS[0]) {
  const { status, stdout, stderr } = spawnSync(command, { cwd, shell: true, encoding: 'utf8', env: environment(node) });
  if (status !== 0) throw new Error(`${command}: exit code ${status}\n${stdout}\n${stderr}`);
}

/** The environment of a process that runs a version of Node; the first one is the version that runs this file. */
function environment(node) {
  const env = { ...process.env, npm_config_audit: 'false', npm_config_fund: 'false', CI: 'true' };
  if (node !== NODE_VERSIONS[0]) env.PATH = folderOfNode(node) + delimiter + env.PATH;
  return env;
}

function folderOfNode(version) {
  const command = ['-y', '-p', `node@${version}`, 'node', '-p', 'process.execPath'];
  folders[version] ??= dirname(execFileSync('npx', command, { encoding: 'utf8' }).trim());
  return folders[version];
}

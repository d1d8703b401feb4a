// Writes dist/cjs, the CommonJS build, from the ES modules that `nest build` wrote to dist: file by file, so that the entries of
// the package share their modules. Dependencies that exist as ES modules only are copied into dist/cjs/vendor the same way.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';

const SOURCE = 'dist';
const TARGET = 'dist/cjs';

/** The folders of a package's modules and declarations. `moduleResolution: node10` cannot find the declarations of jose otherwise. */
const VENDORED = {
  jose: ['dist/webapi', 'dist/types'],
  oauth4webapi: ['build'],
};

rmSync(TARGET, { recursive: true, force: true });
copyModules(SOURCE, '');
for (const [name, folders] of Object.entries(VENDORED)) {
  for (const folder of folders) copyModules(join('node_modules', name, folder), `vendor/${name}`);
}
write('vendor/LICENSES.md', Object.keys(VENDORED).map(licenseOf).join('\n'));
write('package.json', JSON.stringify({ type: 'commonjs', sideEffects: false }));

function copyModules(folder, target) {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!/\.(js|d\.ts)$/.test(name)) continue;
    const file = join(target, name);
    const source = useVendored(file, readFileSync(join(folder, name), 'utf8'));
    if (name.endsWith('.js')) write(file, commonJs(file, source));
    else write(file, target === '' ? source : withoutComments(file, source));
  }
}

/** Replaces the names of vendored packages in imports of every form. */
function useVendored(file, source) {
  return source.replace(/(\bfrom |\bimport\()(['"])([\w-]+)\2/g, (whole, before, quote, name) => {
    if (!(name in VENDORED)) return whole;
    const path = relative(dirname(file), `vendor/${name}/index.js`);
    return `${before}${quote}${path.startsWith('.') ? path : `./${path}`}${quote}`;
  });
}

function commonJs(file, source) {
  // `createRequire()` accepts a path as well as a URL
  const text = source.replaceAll('import.meta.url', '__filename').replaceAll("'./data/'", `'${dataFolder(file)}'`);
  if (text.includes('import.meta')) throw new Error(`${file}: CommonJS has no import.meta`);
  const compilerOptions = {
    module: ts.ModuleKind.CommonJS,
    target: ts.ScriptTarget.ES2023,
    esModuleInterop: true,
    removeComments: true,
  };
  return ts.transpileModule(text, { fileName: file, compilerOptions }).outputText;
}

/** Removes the comments of a declaration file. */
function withoutComments(file, source) {
  const parsed = ts.createSourceFile(file, source, ts.ScriptTarget.ES2023);
  return ts.createPrinter({ removeComments: true }).printFile(parsed);
}

/** Returns the path to the data of the ES modules, which are not copied. */
function dataFolder(file) {
  return `${relative(dirname(join(TARGET, file)), join(SOURCE, dirname(file), 'data'))}/`;
}

function licenseOf(name) {
  const folder = join('node_modules', name);
  const file = readdirSync(folder).find((entry) => /^license/i.test(entry));
  if (!file) throw new Error(`${name} has no license file`);
  return `# ${name}\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
}

function write(file, text) {
  const path = join(TARGET, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

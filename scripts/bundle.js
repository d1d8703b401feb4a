// Bundles the modules that `nest build` wrote to build/lib: into ES modules in dist, and into CommonJS in dist/cjs. A few large files
// are loaded several times faster than hundreds of small ones. The entries of the package share their modules, in `chunks`.
import { readFileSync } from 'node:fs';
import { rolldown } from 'rolldown';
import { VENDORED } from './vendored.js';

const MODULES = 'build/lib';
const isPackage = (name) => /^[^./]/.test(name);

await bundle({ dir: 'dist', format: 'es' }, isPackage);
await bundle(
  {
    dir: 'dist/cjs',
    format: 'cjs',
    dynamicImportInCjs: false, // Jest, as Nest configures it, has no `import()`
    plugins: [{ name: 'data', renderChunk: useDataOfModules }],
  },
  (name) => isPackage(name) && !(name.split('/')[0] in VENDORED),
);

async function bundle(output, external) {
  const modules = await rolldown({ input: entries(), external, platform: 'node', onLog: refuse });
  const files = { entryFileNames: '[name].js', chunkFileNames: 'chunks/[hash].js', hashCharacters: 'hex' };
  await modules.write({ ...output, ...files, comments: false });
}

/** Returns the modules of the entries by the names of their files. */
function entries() {
  const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));
  const files = Object.values(exports).flatMap((conditions) => conditions['module-sync'] ?? []);
  const names = files.map((file) => file.replace(/^\.\/dist\/|\.js$/g, ''));
  return Object.fromEntries(names.map((name) => [name, `${MODULES}/${name}.js`]));
}

/** The data of the presets is beside the ES modules only. */
function useDataOfModules(code) {
  return code.replaceAll('"../presets/data/"', '"../../presets/data/"');
}

function refuse(level, { message }) {
  throw new Error(`${level}: ${message}`);
}

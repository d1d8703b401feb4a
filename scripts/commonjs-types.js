// Writes the declarations of the CommonJS build to dist/cjs: copies of those in dist, and of those of the vendored dependencies, which
// `moduleResolution: node10` cannot find otherwise.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { VENDORED } from './vendored.js';

const SOURCE = 'dist';
const TARGET = 'dist/cjs';

copyDeclarations(SOURCE, '', (_file, source) => source);
for (const [name, folder] of Object.entries(VENDORED)) {
  copyDeclarations(join('node_modules', name, folder), `vendor/${name}`, withoutComments);
}
write('vendor/LICENSES.md', Object.keys(VENDORED).map(licenseOf).join('\n'));
write('package.json', JSON.stringify({ type: 'commonjs', sideEffects: false }));

function copyDeclarations(folder, target, change) {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.d.ts')) continue;
    const file = join(target, name);
    write(file, change(file, useVendored(file, readFileSync(join(folder, name), 'utf8'))));
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

/** Removes the comments of a declaration file. */
function withoutComments(file, source) {
  const parsed = ts.createSourceFile(file, source, ts.ScriptTarget.ES2023);
  return ts.createPrinter({ removeComments: true }).printFile(parsed);
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

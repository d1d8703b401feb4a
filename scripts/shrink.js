// Makes the build small: removes the comments of the modules in dist, which the declarations keep, and writes the data of the presets
// without white space.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const BUILD = 'dist';
const DATA = 'lib/presets/data';
const BUILT_DATA = join(BUILD, 'presets/data');

for (const name of readdirSync(BUILD, { recursive: true, encoding: 'utf8' })) {
  if (name.endsWith('.js')) rewrite(join(BUILD, name), join(BUILD, name), withoutComments);
}
mkdirSync(BUILT_DATA, { recursive: true });
for (const name of readdirSync(DATA)) {
  rewrite(join(DATA, name), join(BUILT_DATA, name), (text) => JSON.stringify(JSON.parse(text)));
}

function rewrite(source, target, change) {
  writeFileSync(target, change(readFileSync(source, 'utf8')));
}

function withoutComments(text) {
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023, removeComments: true };
  return ts.transpileModule(text, { compilerOptions }).outputText;
}

import { transformSync, type Options } from '@swc/core';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const OPTIONS: Options = {
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
  },
  module: { type: 'es6' },
  sourceMaps: false,
};

const OUTPUT = resolve('build/programs');

const FOLDERS = ['lib', 'test', 'sample', 'bench'];

/**
 * Compiles a program for tests that run it as a process. It imports the library like an application that installed it.
 * Test files share the output. Only changed sources are compiled again.
 * @returns the compiled file
 */
export function compileProgram(program: string): string {
  compileLibrary();
  return compiledFile(program);
}

/** Compiles all programs and the library, and returns the folder of the library, to be installed in an application. */
export function compileLibrary(): string {
  const library = installLibrary();
  for (const source of FOLDERS.flatMap(filesIn)) {
    const target = compiledFile(source);
    if (!isOlder(target, source)) continue;
    const content = source.endsWith('.ts') ? compileSource(readFileSync(source, 'utf8')) : readFileSync(source);
    mkdirSync(dirname(target), { recursive: true });
    replace(target, (file) => writeFileSync(file, content));
  }
  return library;
}

/** Compiles TypeScript without a check of its types. */
export function compileSource(source: string): string {
  return transformSync(source, OPTIONS).code;
}

function compiledFile(source: string): string {
  return join(OUTPUT, source.replace(/\.ts$/, '.js'));
}

function isOlder(target: string, source: string): boolean {
  const { mtimeMs = 0 } = statSync(target, { throwIfNoEntry: false }) ?? {};
  return mtimeMs < statSync(source).mtimeMs;
}

/** Replaces a file atomically, because another Jest worker may read or write it at the same time. */
function replace(target: string, write: (file: string) => void): void {
  const file = `${target}.${process.pid}`;
  rmSync(file, { force: true });
  write(file);
  renameSync(file, target);
}

function installLibrary(): string {
  const installed = join(OUTPUT, 'node_modules/nestjs-oauth-client');
  mkdirSync(installed, { recursive: true });
  const exports = { '.': './lib/index.js', './*': './lib/*/index.js' };
  const packages = {
    [join(installed, 'package.json')]: JSON.stringify({ type: 'module', exports }),
    [join(OUTPUT, 'package.json')]: '{ "type": "module" }', // keeps Node from using the repository
  };
  for (const [target, json] of Object.entries(packages)) replace(target, (file) => writeFileSync(file, json));
  replace(join(installed, 'lib'), (file) => symlinkSync(join(OUTPUT, 'lib'), file));
  return installed;
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.spec.ts'))
    .map(({ parentPath, name }) => relative('.', join(parentPath, name)));
}

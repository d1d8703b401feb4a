import { transformFileSync, type Options } from '@swc/core';
import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const OPTIONS: Options = {
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
  },
  module: { type: 'es6' },
  sourceMaps: false,
};

/**
 * Compiles the library and folders of programs, for tests that run them as processes of their own. They find the library
 * as if it were installed.
 * @returns the compiled file of a source file
 */
export function compilePrograms(...folders: [string, ...string[]]): (file: string) => string {
  const output = resolve('build/programs', process.env.JEST_WORKER_ID ?? '0', folders[0]);
  rmSync(output, { recursive: true, force: true });
  for (const folder of ['lib', ...folders]) {
    cpSync(folder, join(output, folder), { recursive: true, filter: (file) => !file.endsWith('.ts') });
    for (const file of sourcesIn(folder)) {
      writeFileSync(join(output, file.replace(/\.ts$/, '.js')), transformFileSync(file, OPTIONS).code);
    }
  }
  installLibrary(output);
  return (file) => join(output, file.replace(/\.ts$/, '.js'));
}

function installLibrary(output: string): void {
  const installed = join(output, 'node_modules/nestjs-oauth-client');
  mkdirSync(installed, { recursive: true });
  symlinkSync(join(output, 'lib'), join(installed, 'lib'));
  const exports = { '.': './lib/index.js', './*': './lib/*/index.js' };
  writeFileSync(join(installed, 'package.json'), JSON.stringify({ type: 'module', exports }));
  writeFileSync(join(output, 'package.json'), '{ "type": "module" }'); // without it they would be the library themselves
}

function sourcesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
    .map((file) => join(folder, file));
}

import { transformFileSync, type Options } from '@swc/core';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

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
 * Compiles the library and a folder of programs, for tests that run them as processes of their own.
 * @returns the compiled file of a source file
 */
export function compilePrograms(folder: string): (file: string) => string {
  const output = resolve('build/programs', process.env.JEST_WORKER_ID ?? '0', folder);
  rmSync(output, { recursive: true, force: true });
  for (const file of ['lib', folder].flatMap(sourcesIn)) {
    const target = join(output, file.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, transformFileSync(file, OPTIONS).code);
  }
  return (file) => join(output, file.replace(/\.ts$/, '.js'));
}

function sourcesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
    .map((file) => join(folder, file));
}

import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { compileLibrary, compileSource } from '../support/compile.js';
import { envOf, snippetsOf, type DocPage, type Snippet } from './snippets.js';

/** The files of an application that uses the module of the quick start. */
const MAIN = `
import { NestFactory } from '@nestjs/core';
import { AuthModule } from './auth.module.js';

const app = await NestFactory.create(AuthModule);
await app.listen(process.env.PORT ?? 3000);
`;

export interface CompiledDocs {
  /** Returns the folder of the quick start's application. */
  app: string;
  /** Returns the compiled file of a source file of the application. */
  compiledFile(name: string): string;
}

/**
 * Compiles the TypeScript blocks of the pages, and installs the library beside them, so that they can be run. Their types
 * are checked in `test/api/declarations.spec.ts`.
 */
export function compileDocs(pages: DocPage[], folder = 'build/docs'): CompiledDocs {
  const sources = resolve(folder);
  const compiled = join(sources, 'compiled');
  rmSync(sources, { recursive: true, force: true });
  for (const { path, code } of snippetFiles(pages)) {
    write(join(sources, path), code);
    if (path.endsWith('.ts')) write(join(compiled, path.replace(/\.ts$/, '.js')), compileSource(code));
  }
  const readme = pages.find(({ path }) => path === 'README.md');
  if (readme) write(join(sources, 'app/.env'), envOf(readme, 'GITHUB_CLIENT_ID'));
  installLibrary(sources);
  return {
    app: join(sources, 'app'),
    compiledFile: (name) => join(compiled, 'app', name.replace(/\.ts$/, '.js')),
  };
}

/** Returns the code blocks of the pages as files, with the `main.ts` of the quick start. */
export function snippetFiles(pages: DocPage[]): Snippet[] {
  const files = pages.flatMap(snippetsOf);
  return pages.some(({ path }) => path === 'README.md') ? [...files, { path: 'app/src/main.ts', code: MAIN }] : files;
}

function installLibrary(folder: string): void {
  write(join(folder, 'package.json'), '{ "type": "module" }');
  const installed = join(folder, 'node_modules/nestjs-oauth-client');
  mkdirSync(dirname(installed), { recursive: true });
  symlinkSync(compileLibrary(), installed);
}

/** Throws if two code blocks have the same file name. */
function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { flag: 'wx' });
}

import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { envOf, snippetsOf, type DocPage } from './snippets.js';

/** Here the snippets are written by default, and can be run: with the library beside them, as if it were installed. */
const SOURCES = 'build/docs';

/** Starts the quick start's module, as the application around it would. */
const MAIN = `
import { NestFactory } from '@nestjs/core';
import { AuthModule } from './auth.module.js';

const app = await NestFactory.create(AuthModule);
await app.listen(process.env.PORT ?? 3000);
`;

export interface CompiledDocs {
  /** What the compiler says, a line each. */
  errors: string[];
  /** The folder of the quick start's app. */
  app: string;
  /** Where the compiled file of one of the app's is. */
  compiledFile(name: string): string;
}

/** Compiles every TypeScript block of the pages, strictly, against the library's sources; all in one program. */
export function compileDocs(pages: DocPage[], folder = SOURCES): CompiledDocs {
  const sources = resolve(folder);
  const compiled = join(sources, 'compiled');
  rmSync(sources, { recursive: true, force: true });
  const files = pages.flatMap(snippetsOf).map(({ path, code }) => write(join(sources, path), code));
  const readme = pages.find(({ path }) => path === 'README.md');
  if (readme) {
    files.push(write(join(sources, 'app/src/main.ts'), MAIN));
    write(join(sources, 'app/.env'), envOf(readme, 'GITHUB_CLIENT_ID'));
  }
  const roots = files.filter((file) => file.endsWith('.ts'));
  const program = ts.createProgram(roots, {
    ...compilerOptions(),
    types: ['node', 'jest'],
    noEmit: false,
    rootDir: resolve('.'),
    outDir: compiled,
  });
  program.emit();
  installLibrary(sources, compiled);
  return {
    errors: roots.flatMap((file) => errorsIn(program, file)).map((error) => describe(error, sources)),
    app: join(sources, 'app'),
    compiledFile: (name) => join(compiled, folder, 'app', name.replace(/\.ts$/, '.js')),
  };
}

/** The library has a check of its own. */
function errorsIn(program: ts.Program, file: string): readonly ts.Diagnostic[] {
  const source = program.getSourceFile(file);
  return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
}

function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile('tsconfig.json', (path) => ts.sys.readFile(path));
  return ts.parseJsonConfigFileContent(config, ts.sys, resolve('.')).options;
}

/** `nestjs-oauth-client`, for whoever runs a snippet, is the compiled library. */
function installLibrary(sources: string, compiled: string): void {
  write(join(sources, 'package.json'), '{ "type": "module" }');
  const installed = join(sources, 'node_modules/nestjs-oauth-client');
  const exports = { '.': './lib/index.js', './*': './lib/*/index.js' };
  write(join(installed, 'package.json'), JSON.stringify({ type: 'module', exports }));
  symlinkSync(join(compiled, 'lib'), join(installed, 'lib'));
}

/** Two blocks with one file name are a mistake. */
function write(path: string, text: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { flag: 'wx' });
  return path;
}

function describe({ file, start = 0, messageText }: ts.Diagnostic, sources: string): string {
  const line = file ? file.getLineAndCharacterOfPosition(start).line + 1 : 0;
  const path = file ? relative(sources, file.fileName) : '';
  return `${path}:${line} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
}

import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import ts from 'typescript';
import { snippetsOf, type DocPage } from './snippets.js';

/** Here the snippets are written and, once compiled, can be run: with the library beside them, as if it were installed. */
const SOURCES = resolve('build/docs');
const OUTPUT = resolve('build/docs-compiled');

export interface CompiledDocs {
  /** What the compiler says, a line each. */
  errors: string[];
  /** Where the compiled file of a page's snippet is. */
  fileOf(page: string, snippet: string): string;
}

/** Compiles every TypeScript block of the pages, strictly, against the library's sources; all in one program. */
export function compileDocs(pages: DocPage[]): CompiledDocs {
  for (const folder of [SOURCES, OUTPUT]) rmSync(folder, { recursive: true, force: true });
  const files = pages.flatMap((page) =>
    snippetsOf(page).map(({ name, code }) => write(join(SOURCES, page.path, name), code)),
  );
  const program = ts.createProgram(files, {
    ...compilerOptions(),
    noEmit: false,
    rootDir: resolve('.'),
    outDir: OUTPUT,
  });
  const { diagnostics } = program.emit();
  installLibrary();
  return {
    errors: [...ts.getPreEmitDiagnostics(program), ...diagnostics].map(describe),
    fileOf: (page, snippet) => join(OUTPUT, 'build/docs', page, snippet.replace(/\.ts$/, '.js')),
  };
}

function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile('tsconfig.json', (path) => ts.sys.readFile(path));
  return ts.parseJsonConfigFileContent(config, ts.sys, resolve('.')).options;
}

/** `nestjs-oauth-client`, for the compiled snippets, is the compiled library beside them. */
function installLibrary(): void {
  write(join(OUTPUT, 'package.json'), '{ "type": "module" }');
  const installed = join(OUTPUT, 'node_modules/nestjs-oauth-client');
  write(join(installed, 'package.json'), '{ "type": "module", "exports": "./lib/index.js" }');
  symlinkSync(join(OUTPUT, 'lib'), join(installed, 'lib'));
}

function write(path: string, text: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

function describe({ file, start = 0, messageText }: ts.Diagnostic): string {
  const line = file ? file.getLineAndCharacterOfPosition(start).line + 1 : 0;
  return `${file?.fileName ?? ''}:${line} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
}

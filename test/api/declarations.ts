import { readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import ts from 'typescript';
import { snippetFiles } from '../docs/compile.js';
import { documentationPages } from '../docs/snippets.js';

const ROOT = join(import.meta.dirname, '../..');
const DIST = join(ROOT, 'dist');
/** Folder of the examples of the documentation, beside the helpers that some import. Nothing is written there. */
const EXAMPLES = join(ROOT, 'test');

/** The source files of dependencies, which both programs share. */
const dependencies = new Map<string, ts.SourceFile | undefined>();

/** Returns the declarations that the build writes, by path. */
function emitDeclarations(): Map<string, string> {
  const config = ts.readConfigFile(join(ROOT, 'tsconfig.build.json'), (file) => ts.sys.readFile(file));
  const { options, fileNames } = ts.parseJsonConfigFileContent(config.config, ts.sys, ROOT);
  const files = new Map<string, string>();
  const host = cachingHost(options);
  ts.createProgram(fileNames, options, host).emit(undefined, (path, text) => files.set(path, text), undefined, true);
  return files;
}

function cachingHost(options: ts.CompilerOptions): ts.CompilerHost {
  const host = ts.createCompilerHost(options);
  const { getSourceFile } = host;
  host.getSourceFile = (file, ...rest) => {
    if (!file.includes('/node_modules/')) return getSourceFile(file, ...rest);
    if (!dependencies.has(file)) dependencies.set(file, getSourceFile(file, ...rest));
    return dependencies.get(file);
  };
  return host;
}

/** The declaration files of the package's entries, from `exports` in package.json. */
function entryFiles(): string[] {
  const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    exports: Record<string, string | { types: { default: string } }>;
  };
  return Object.values(exports).flatMap((entry) =>
    typeof entry === 'string' ? [] : [join(ROOT, entry.types.default)],
  );
}

/**
 * Returns a program of files that exist in memory only: the declarations, and the examples of the documentation, which
 * import the declarations as an application does.
 */
function programOf(files: ReadonlyMap<string, string>): ts.Program {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (file) => ts.sys.readFile(file));
  const options: ts.CompilerOptions = {
    ...ts.parseJsonConfigFileContent(config, ts.sys, ROOT).options,
    types: ['node', 'jest'],
    skipLibCheck: false,
    paths: {
      'nestjs-oauth-client': [join(DIST, 'index.d.ts')],
      'nestjs-oauth-client/*': [join(DIST, '*/index.d.ts')],
    },
  };
  const host = cachingHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (file) => files.has(file) || (!file.startsWith(DIST + sep) && fileExists(file));
  host.readFile = (file) => files.get(file) ?? readFile(file);
  host.directoryExists = undefined; // the folders of `dist` may not exist
  host.getSourceFile = (file, languageVersion, ...rest) => {
    const text = files.get(file);
    if (text === undefined) return getSourceFile(file, languageVersion, ...rest);
    return ts.createSourceFile(file, text, languageVersion);
  };
  const examples = [...files.keys()].filter((file) => file.startsWith(EXAMPLES) && file.endsWith('.ts'));
  return ts.createProgram([...entryFiles(), ...examples], options, host);
}

/** The public types of one build of the package. */
export interface PublicApi {
  /** Types that no entry exports, although the signature of an exported name mentions them. */
  unexported: { name: string; type: string }[];
  /** The compiler's errors in the declarations. */
  errors: string[];
  /** The compiler's errors in the examples of the documentation. */
  exampleErrors: string[];
}

/** Emits the declarations of the build, and reads the exports of the package's entries. */
export function readPublicApi(): PublicApi {
  const declarations = emitDeclarations();
  const examples = new Map(snippetFiles(documentationPages()).map(({ path, code }) => [join(EXAMPLES, path), code]));
  const program = programOf(new Map([...declarations, ...examples]));
  const checker = program.getTypeChecker();
  const symbols = entryFiles().flatMap((file) => {
    const source = program.getSourceFile(file);
    const module = source && checker.getSymbolAtLocation(source);
    if (!module) throw new Error(`${file} is not a module`);
    return checker.getExportsOfModule(module);
  });
  const exported = new Set(symbols.map((symbol) => declarationsOf(checker, symbol)[0]));
  const unexported: PublicApi['unexported'] = [];
  for (const symbol of symbols) {
    for (const declaration of declarationsOf(checker, symbol)) {
      for (const [mentioned, type] of typesIn(checker, declaration)) {
        if (!exported.has(mentioned)) unexported.push({ name: symbol.name, type });
      }
    }
  }
  return {
    unexported,
    errors: errorsIn(program, declarations),
    exampleErrors: errorsIn(program, examples),
  };
}

function errorsIn(program: ts.Program, files: ReadonlyMap<string, string>): string[] {
  return program
    .getSourceFiles()
    .filter(({ fileName }) => files.has(fileName))
    .flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)])
    .map(describe);
}

function describe({ file, start = 0, messageText }: ts.Diagnostic): string {
  const line = file ? file.getLineAndCharacterOfPosition(start).line + 1 : 0;
  const path = file ? relative(ROOT, file.fileName) : '';
  return `${path}:${line} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
}

/** Returns the types of the package that a declaration mentions, except in private members, with their names. */
function typesIn(checker: ts.TypeChecker, declaration: ts.Declaration): Map<ts.Declaration, string> {
  const mentioned = new Map<ts.Declaration, string>();
  const visit = (node: ts.Node): void => {
    if (ts.canHaveModifiers(node) && ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword)) {
      return;
    }
    const name = mentionedName(node);
    const symbol = name && checker.getSymbolAtLocation(name);
    const [found] = symbol ? declarationsOf(checker, symbol) : [];
    if (name && found && !ts.isTypeParameterDeclaration(found)) mentioned.set(found, name.getText());
    ts.forEachChild(node, visit);
  };
  visit(declaration);
  return mentioned;
}

function mentionedName(node: ts.Node): ts.Node | undefined {
  if (ts.isTypeReferenceNode(node)) return node.typeName;
  if (ts.isExpressionWithTypeArguments(node)) return node.expression;
  if (ts.isTypeQueryNode(node)) return node.exprName;
  return ts.isImportTypeNode(node) ? node.qualifier : undefined;
}

/** Returns the package's declarations of a symbol, except augmentations in examples. The first one identifies it. */
function declarationsOf(checker: ts.TypeChecker, symbol: ts.Symbol): ts.Declaration[] {
  const original = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const declarations = original.declarations ?? [];
  return declarations.filter((declaration) => declaration.getSourceFile().fileName.startsWith(DIST + sep));
}

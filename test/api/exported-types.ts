import { readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import ts from 'typescript';

const ROOT = join(import.meta.dirname, '../..');
const DIST = join(ROOT, 'dist');

/** Source files of dependencies, which both programs read. */
const dependencies = new Map<string, ts.SourceFile | undefined>();

/** Returns the declarations that the build writes, by their paths. */
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

/** The declaration files of the package's entries, as `exports` in package.json has them. */
function entryFiles(): string[] {
  const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    exports: Record<string, string | { types: { default: string } }>;
  };
  return Object.values(exports).flatMap((entry) =>
    typeof entry === 'string' ? [] : [join(ROOT, entry.types.default)],
  );
}

/** Returns a program over declarations that exist in memory only. */
function programOf(files: ReadonlyMap<string, string>): ts.Program {
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    types: ['node'],
    strict: true,
    noEmit: true,
  };
  const host = cachingHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (file) => files.has(file) || (!file.startsWith(DIST + sep) && fileExists(file));
  host.readFile = (file) => files.get(file) ?? readFile(file);
  host.directoryExists = undefined; // those of `dist` may not exist
  host.getSourceFile = (file, languageVersion, ...rest) => {
    const text = files.get(file);
    if (text === undefined) return getSourceFile(file, languageVersion, ...rest);
    return ts.createSourceFile(file, text, languageVersion);
  };
  return ts.createProgram(entryFiles(), options, host);
}

/** What is public of one build of the package. */
export interface PublicApi {
  /** Types that the signatures of an exported name mention, and that no entry exports. */
  unexported: { name: string; type: string }[];
  /** What the compiler says of the declarations alone. */
  errors: string[];
}

/** Emits the declarations of the build, and reads what the entries of the package export from them. */
export function readPublicApi(): PublicApi {
  const program = programOf(emitDeclarations());
  const checker = program.getTypeChecker();
  const symbols = entryFiles().flatMap((file) => {
    const source = program.getSourceFile(file);
    const module = source && checker.getSymbolAtLocation(source);
    if (!module) throw new Error(`${file} is not a module`);
    return checker.getExportsOfModule(module);
  });
  const exported = new Map(symbols.map((symbol) => [original(checker, symbol), symbol.name]));
  const unexported: PublicApi['unexported'] = [];
  for (const [symbol, name] of exported) {
    for (const declaration of (symbol.declarations ?? []).filter(isOurs)) {
      for (const mentioned of mentionedIn(checker, declaration)) {
        if (!exported.has(mentioned)) unexported.push({ name, type: mentioned.name });
      }
    }
  }
  return {
    unexported,
    errors: program
      .getSourceFiles()
      .filter(({ fileName }) => fileName.startsWith(DIST + sep))
      .flatMap((file) => program.getSemanticDiagnostics(file))
      .map(({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`),
  };
}

/** Returns the types of the package that a declaration mentions, outside of private members. */
function mentionedIn(checker: ts.TypeChecker, declaration: ts.Declaration): Set<ts.Symbol> {
  const mentioned = new Set<ts.Symbol>();
  const visit = (node: ts.Node): void => {
    if (ts.canHaveModifiers(node) && ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword)) {
      return;
    }
    const name = mentionedName(node);
    const symbol = name && checker.getSymbolAtLocation(name);
    const target = symbol && original(checker, symbol);
    const isType = target?.declarations?.some((found) => isOurs(found) && !ts.isTypeParameterDeclaration(found));
    if (target && isType) mentioned.add(target);
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

function isOurs(declaration: ts.Declaration): boolean {
  return declaration.getSourceFile().fileName.startsWith(DIST + sep);
}

function original(checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

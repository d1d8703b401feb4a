import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { documentationPages, snippetsOf } from '../docs/snippets.js';

/** The maximum number of names in the main entry, including types. Users must learn each name. */
const MOST_NAMES = 45;

const { exports, typesVersions } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  exports: Record<string, unknown>;
  typesVersions: { '*': Record<string, unknown> };
};
/** `''` is the main entry. */
const entries = Object.keys(exports)
  .filter((path) => path !== './package.json')
  .map((path) => path.replace(/^\.\/?/, ''));

describe('the entries of the package', () => {
  it('have declarations for applications that resolve types without exports', () => {
    const declarations = Object.keys(typesVersions['*']);
    expect(['', ...declarations]).toEqual(entries);
  });

  it(`limit the main entry to ${MOST_NAMES} names`, () => {
    expect(namesOf('').length).toBeLessThanOrEqual(MOST_NAMES);
  });

  it('export from the main entry only names that an example in the documentation uses', () => {
    const examples = documentationPages()
      .flatMap(snippetsOf)
      .map(({ code }) => code);
    expect(namesOf('').filter((name) => !examples.some((code) => new RegExp(`\\b${name}\\b`).test(code)))).toEqual([]);
  });

  it('export each name once, except the store for tests', () => {
    const names = entries.flatMap(namesOf);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual(['MemoryTokenStore']);
  });

  it('export only types from the protocol entry', async () => {
    expect(Object.keys(await import('nestjs-oauth-client/protocol'))).toEqual([]);
  });
});

/** Returns the names that an entry exports, values and types. */
function namesOf(entry: string): string[] {
  const file = join('lib', entry, 'index.ts');
  const { statements } = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest);
  return statements.flatMap((statement) => {
    const exported = ts.isExportDeclaration(statement) && statement.exportClause;
    if (!exported || !ts.isNamedExports(exported)) throw new Error(`${file} must list the names that it exports`);
    return exported.elements.map(({ name }) => name.text);
  });
}

import { readdirSync, readFileSync } from 'node:fs';

/** A page of the documentation. */
export interface DocPage {
  /** Relative to the repository. */
  path: string;
  text: string;
}

/** A TypeScript block of a page, as a file of its own. */
export interface Snippet {
  /** From the block's first line (`// src/main.ts`), or made up. */
  name: string;
  code: string;
}

export function documentationPages(): DocPage[] {
  const docs = readdirSync('docs').filter((name) => name.endsWith('.md'));
  const paths = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...docs.map((name) => `docs/${name}`)];
  return paths.map((path) => ({ path, text: readFileSync(path, 'utf8') }));
}

export function snippetsOf({ text }: DocPage): Snippet[] {
  const blocks = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => code);
  return blocks.map((code, index) => ({ name: /^\/\/ (\S+\.ts)\n/.exec(code)?.[1] ?? `snippet-${index}.ts`, code }));
}

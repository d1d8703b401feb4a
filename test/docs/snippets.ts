import { readdirSync, readFileSync } from 'node:fs';

/** A page of the documentation. */
export interface DocPage {
  /** Relative to the repository. */
  path: string;
  text: string;
}

/** A block of code of a page, as a file. */
export interface Snippet {
  /**
   * Blocks that begin with a file name (`// src/main.ts`) are files of one app, the quick start's, on whatever page they are.
   * Any other is a file of its own.
   */
  path: string;
  code: string;
}

export function documentationPages(): DocPage[] {
  const docs = readdirSync('docs').filter((name) => name.endsWith('.md'));
  const paths = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md', ...docs.map((name) => `docs/${name}`)];
  return paths.map((path) => ({ path, text: readFileSync(path, 'utf8') }));
}

/** Every block in TypeScript, and those in JavaScript that have a file name. */
export function snippetsOf(page: DocPage): Snippet[] {
  const named = blocksOf(page, 'js').filter(({ path }) => path.startsWith('app/'));
  return [...blocksOf(page, 'ts'), ...named];
}

/** Returns the block of a page that begins with a variable, as a `.env` file. */
export function envOf({ path, text }: DocPage, variable: string): string {
  const blocks = [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, code = '']) => code);
  const env = blocks.find((code) => code.startsWith(`${variable}=`));
  if (env === undefined) throw new Error(`${path} has no block that begins with ${variable}=`);
  return env;
}

function blocksOf({ path, text }: DocPage, language: string): Snippet[] {
  const blocks = [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))];
  return blocks.map(([, code = ''], index) => {
    const file = /^\/\/ (\S+\.[jt]s)\n/.exec(code)?.[1];
    return { path: file ? `app/${file}` : `${path}/snippet-${index}.${language}`, code };
  });
}

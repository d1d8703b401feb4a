import { readdirSync, readFileSync } from 'node:fs';

/** A page of the documentation. */
export interface DocPage {
  /** The path in the repository. */
  path: string;
  text: string;
}

/** A code block of a page, as a file. */
export interface Snippet {
  /**
   * Code blocks that begin with a file name (`// src/main.ts`) are files of the quick start's app, on every page.
   * Every other code block is a separate file.
   */
  path: string;
  code: string;
}

export function documentationPages(): DocPage[] {
  const docs = readdirSync('docs', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'));
  const paths = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md', ...docs.map((name) => `docs/${name}`)];
  return paths.map((path) => ({ path, text: readFileSync(path, 'utf8') }));
}

/** Returns every code block in TypeScript, and code blocks in JavaScript that have a file name. */
export function snippetsOf(page: DocPage): Snippet[] {
  const named = blocksOf(page, 'js').filter(({ path }) => path.startsWith('app/'));
  return [...blocksOf(page, 'ts'), ...named];
}

/** Returns the code block of a page that begins with a variable, as a `.env` file. */
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

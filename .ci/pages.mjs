// Reads the commands, files and diffs of the README and docs/testing.md, so that the templates follow them word for word.
import { readFileSync } from 'node:fs';

const FILE_NAME = /^\/\/ (\S+\.\w+)\n/;

/** Returns the code blocks of a page, or of the section under one heading. */
export function blocksOf(path, heading) {
  const text = readFileSync(path, 'utf8');
  const [, section] = heading ? new RegExp(`^#+ ${heading}\\n(.*?)(?=^#+ |$(?![^]))`, 'ms').exec(text) : [null, text];
  return [...section.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language, code]) => ({ language, code }));
}

/** Returns the blocks that begin with a file name, such as `// src/auth.module.ts`. */
export function filesIn(blocks) {
  return blocks.flatMap(({ language, code }) => {
    const path = FILE_NAME.exec(code)?.[1];
    return path && language !== 'diff' ? [{ path, code }] : [];
  });
}

/** Returns the commands of the shell blocks. A comment after a command (`# Nest 11`) says which application it is for. */
export function commandsIn(blocks, application) {
  const lines = blocks.filter(({ language }) => language === 'sh').flatMap(({ code }) => code.trim().split('\n'));
  return lines.flatMap((line) => {
    const [command, comment] = line.split(/\s+# /);
    return comment === undefined || comment === application ? [command] : [];
  });
}

/** Applies a block in `diff`: an added line before any other goes to the top of the file, the others replace lines. */
export function applyDiff(code, read) {
  const [, path] = /^ \/\/ (\S+)\n/.exec(code);
  let text = read(path);
  for (const [, line] of code.matchAll(/(?<!^-.*\n)^\+(.*)$/gm)) text = `${line}\n${text}`;
  for (const [, removed, added] of code.matchAll(/^-(.*)\n\+(.*)$/gm)) {
    if (!text.includes(removed)) throw new Error(`${path} has no line "${removed.trim()}"`);
    text = text.replace(removed, added);
  }
  return { path, code: text };
}

/**
 * In CommonJS relative imports are written without an extension, as docs/testing.md says, and a module cannot `await`, as
 * `main.ts` of Nest 12 does.
 */
export function forCommonJs({ path, code }) {
  return { path, code: code.replace(/( from '\.\.?\/[^']*)\.js'/g, "$1'").replace(/^await /gm, 'void ') };
}

/** The opposite of `forCommonJs()`. */
export function forEsModules({ path, code }) {
  return { path, code: code.replace(/( from '\.\.?\/[^']*?)(?:\.js)?'/g, "$1.js'") };
}

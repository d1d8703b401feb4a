import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '..');

/** The TypeScript files of the showcase, by their path in `sample/showcase`. The build copies them beside the compiled files. */
export const SOURCES: ReadonlyMap<string, string> = new Map(
  readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
    .map((path) => path.replaceAll('\\', '/'))
    .sort()
    .map((path) => [path, readFileSync(join(FOLDER, path), 'utf8')]),
);

/** A line of code: its file, and a string in the line. */
export interface CodeLocation {
  file: string;
  text: string;
}

/** The lines of code that the pages link to. */
export const CODE = {
  login: { file: 'auth.controller.ts', text: '@OAuthLogin(' },
  callback: { file: 'auth.controller.ts', text: '@OAuthCallback()' },
  claims: { file: 'auth.controller.ts', text: '@OAuthUserInfo()' },
  returnTo: { file: 'auth.controller.ts', text: 'returnTo: next' },
  apiCall: { file: 'api.controller.ts', text: "get('me', { request })" },
  device: { file: 'device/device.controller.ts', text: '@Get()' },
  logout: { file: 'logout.controller.ts', text: '@OAuthLogout(' },
  errors: { file: 'error-page.filter.ts', text: '@Catch()' },
  linking: { file: 'users/users.service.ts', text: 'async signIn(' },
} satisfies Record<string, CodeLocation>;

/** Returns the URL of a line of code. Throws an `Error` if the file does not have the string. */
export function codeUrl({ file, text }: CodeLocation): string {
  const lines = SOURCES.get(file)?.split('\n') ?? [];
  const index = lines.findIndex((line) => line.includes(text));
  if (index < 0) throw new Error(`${file} has no line with ${text}: correct CODE in sample/showcase/code/sources.ts`);
  return `/code/${file}#L${index + 1}`;
}

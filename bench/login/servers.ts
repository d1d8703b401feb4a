import { Child } from '../support/child.js';

/** Starts the Nest app `NAME.app.ts` of this folder. */
export function startNestServer(name: string, ...args: string[]): Promise<Child<string>> {
  const module = new URL(`./${name}.app.js`, import.meta.url);
  return Child.start<string>(new URL('../support/nest-server.js', import.meta.url), module.href, ...args);
}

import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { TokenKeeper } from './tokens/token-keeper.js';

/** Starts one process of the application. @returns where it listens */
export async function startAppProcess(environment: Record<string, string>, keeper: TokenKeeper): Promise<string> {
  const child = fork(new URL('./app-process.main.js', import.meta.url), {
    env: { ...process.env, ...environment },
    serialization: 'advanced', // tells `undefined` from `null`, as the tokens' keeper must
  });
  keeper.serve(child);
  const died = once(child, 'exit').then(() => Promise.reject(new Error(`process ${environment.PROCESS} ended`)));
  died.catch(console.error);
  const [{ url }] = (await Promise.race([once(child, 'message'), died])) as [{ url: string }];
  return url;
}

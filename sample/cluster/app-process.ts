import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { TokenKeeper } from './tokens/token-keeper.js';

/** Starts one process of the application. Returns its URL. */
export async function startAppProcess(environment: Record<string, string>, keeper: TokenKeeper): Promise<string> {
  const child = fork(new URL('./app-process.main.js', import.meta.url), {
    env: { ...process.env, ...environment },
    serialization: 'advanced', // keeps the difference between `undefined` and `null`, which the token keeper requires
  });
  keeper.serve(child);
  const died = once(child, 'exit').then(() => Promise.reject(new Error(`process ${environment.PROCESS} ended`)));
  died.catch(console.error);
  const [{ url }] = (await Promise.race([once(child, 'message'), died])) as [{ url: string }];
  return url;
}

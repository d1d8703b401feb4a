import { startProfile, stopProfile } from './profiler.js';
import { ownUsage } from './usage.js';

type Answer = (argument: unknown) => unknown;

/** Questions that every process answers. */
const COMMON: Record<string, Answer> = {
  usage: ownUsage,
  'start profile': startProfile,
  'stop profile': (file) => stopProfile(file as string),
};

/**
 * Sends the first message to the parent process, then answers its questions until the parent disconnects.
 * @param answers functions that answer questions, by question
 */
export function serveParent(ready: unknown, answers: Record<string, Answer> = {}): void {
  const all = { ...COMMON, ...answers };
  process.on('message', ({ question, argument }: { question: string; argument: unknown }) => {
    void (async () => process.send?.((await all[question]?.(argument)) ?? null))();
  });
  process.once('disconnect', () => process.exit());
  process.send?.(ready);
}

import type { Problem } from './problem.js';
import { normalized, stackKey } from './problem.js';
import { inspect } from 'node:util';

/** Faults of the process itself, which belong to no one case. */
export interface ProcessFaults {
  /** Takes what has happened since the last time. */
  take(): Problem[];
  stop(): void;
}

/** Collects unhandled rejections, uncaught exceptions, and polluted prototypes. */
export function watchProcess(): ProcessFaults {
  const faults: Problem[] = [];
  const note = (kind: string) => (error: unknown) => {
    const stack = error instanceof Error ? String(error.stack) : inspect(error);
    const message = error instanceof Error ? `${error.name}: ${normalized(error.message)}` : 'not an error';
    faults.push({ key: `${kind}: ${message} ${stackKey(stack)}`, detail: stack });
  };
  const rejected = note('unhandledRejection');
  const thrown = note('uncaughtException');
  process.on('unhandledRejection', rejected);
  process.on('uncaughtException', thrown);
  return {
    take: () => {
      if ('polluted' in {}) {
        delete (Object.prototype as { polluted?: unknown }).polluted;
        faults.push({ key: 'Object.prototype is polluted', detail: '' });
      }
      return faults.splice(0);
    },
    stop: () => {
      process.off('unhandledRejection', rejected);
      process.off('uncaughtException', thrown);
    },
  };
}

import { errorKey, stackOf, type Problem } from './problem.js';

/** Faults of the process, which do not belong to a single case. */
export interface ProcessFaults {
  /** Returns the faults since the last call. */
  take(): Problem[];
  stop(): void;
}

/** Collects unhandled rejections, uncaught exceptions, and polluted prototypes. */
export function watchProcess(): ProcessFaults {
  const faults: Problem[] = [];
  const note = (kind: string) => (error: unknown) => {
    faults.push({ key: `${kind}: ${errorKey(error)}`, detail: stackOf(error) });
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

import { excessOf, type Limits } from '../common/limits.js';
import { misplacedOptions } from '../config/run-time-settings.js';

/** Limits of an answer of `resolveClient`, so that a huge one is refused before it is copied. The settings have smaller limits. */
const LIMITS: Limits = { depth: 10, entries: 200, length: 500_000 };

/** Returns the faults for which the answer of `resolveClient` is refused before its settings are read. */
export function answerFaults(name: string, answer: unknown): string[] {
  const excess = excessOf(answer, LIMITS);
  if (excess !== undefined) return [`${name}: ${excess} in the settings of a client`];
  return misplacedOptions(name, answer);
}

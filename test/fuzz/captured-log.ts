import type { LoggerService } from '@nestjs/common';
import { inspect, types } from 'node:util';
import { normalized, stackOf, type Problem } from './problem.js';
import { secretIn } from './secrets.js';

/** A logger that prints nothing, and searches every line for secrets. */
export class CapturedLog implements LoggerService {
  #leaks: Problem[] = [];
  #lastError = '';

  log = (...parts: unknown[]): void => void this.#look(parts);
  warn = (...parts: unknown[]): void => void this.#look(parts);
  debug = (...parts: unknown[]): void => void this.#look(parts);
  verbose = (...parts: unknown[]): void => void this.#look(parts);
  fatal = (...parts: unknown[]): void => this.error(...parts);
  error = (...parts: unknown[]): void => {
    this.#lastError = this.#look(parts);
  };

  /** The newest line of the level `error`, with its stack. */
  get lastError(): string {
    return this.#lastError;
  }

  /** Returns the leaks since the last call. */
  takeLeaks(): Problem[] {
    return this.#leaks.splice(0);
  }

  #look(parts: unknown[]): string {
    const text = parts
      .map((part) =>
        typeof part === 'string' ? part : types.isNativeError(part) ? stackOf(part) : inspect(part, { depth: 6 }),
      )
      .join('\n');
    const leaked = secretIn(text);
    if (leaked) this.#leaks.push({ key: `leak in the log: ${leaked}: ${normalized(text)}`, detail: text });
    return text;
  }
}

import { Logger } from '@nestjs/common';
import { MismatchingStateError, OAuthError } from '../oauth.errors.js';
import { errorType } from './error-type.js';

/** Longest value that a line shows, in characters. */
const LONGEST = 500;

/** What a line tells beside its event. Never a secret, a token, a code, or a user's id. */
type LogFields = Record<string, string | number | undefined>;

const logger = new Logger('OAuthClient');

/**
 * Logs an event, in one line: `login failed client=harbour error=access_denied`.
 * @param fields values from outside too; those of more than one plain word are quoted, and none begins a second line
 */
export function logEvent(level: 'debug' | 'log' | 'warn' | 'error', event: string, fields: LogFields): void {
  const told = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : `${name}=${shown(value)}`,
  );
  logger[level]([event, ...told].join(' '));
}

/**
 * Fields about an error: its code, and its description where that is ours. A provider's text and the message of any other
 * error may quote anything, and stay out. The reason of a mismatching state says it all.
 */
export function errorFields(error: unknown): LogFields {
  if (error instanceof MismatchingStateError) return { error: error.error, reason: error.reason };
  if (error instanceof OAuthError) return { error: error.error, description: error.logDescription };
  return { error: errorType(error) };
}

function shown(value: string | number): string {
  const text = String(value);
  if (text.length <= LONGEST && /^[\p{L}\p{N}_.:/@-]+$/u.test(text)) return text;
  return JSON.stringify(text.slice(0, LONGEST)).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, escaped);
}

/** Also what turns the direction of writing, or colours a terminal. */
function escaped(character: string): string {
  return `\\u{${character.codePointAt(0)?.toString(16)}}`;
}

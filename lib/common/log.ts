import { Logger } from '@nestjs/common';

export type LogLevel = 'debug' | 'log' | 'warn' | 'error';

/** What a line says beside its event. Never a secret, a token, a code, or a user's id. */
export type LogFields = Record<string, string | number | undefined>;

/** Longest value that a line shows, in characters. */
const LONGEST = 500;

const logger = new Logger('OAuthClient');

/**
 * Logs an event, in one line: `login failed client=harbour error=access_denied`.
 * @param fields values from outside too; those of more than one plain word are quoted, and none begins a second line
 */
export function logEvent(level: LogLevel, event: string, fields: LogFields): void {
  const shownFields = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : `${name}=${shown(value)}`,
  );
  logger[level]([event, ...shownFields].join(' '));
}

function shown(value: string | number): string {
  const text = String(value);
  if (text.length <= LONGEST && /^[\p{L}\p{N}_.:/@-]+$/u.test(text)) return text;
  return JSON.stringify(text.slice(0, LONGEST)).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, escaped);
}

/** Also characters that turn the direction of writing, or color a terminal. */
function escaped(character: string): string {
  return `\\u{${character.codePointAt(0)?.toString(16)}}`;
}

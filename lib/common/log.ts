import { Logger } from '@nestjs/common';

export type LogLevel = 'debug' | 'log' | 'warn' | 'error';

/** The fields of a log line. They never contain a secret, a token, a code, or a user's id. */
export type LogFields = Record<string, string | number | undefined>;

/** Maximum length of a value in a log line, in characters. */
const MAX_LENGTH = 500;

const logger = new Logger('OAuthClient');

/**
 * Logs an event in one line: `login failed client=harbour error=access_denied`.
 * @param fields may come from outside: a value that is not one plain word is quoted, and line breaks are escaped
 */
export function logEvent(level: LogLevel, event: string, fields: LogFields): void {
  let line = event;
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) line += ` ${name}=${formatValue(value)}`;
  }
  logger[level](line);
}

function formatValue(value: string | number): string {
  const text = String(value);
  if (text.length <= MAX_LENGTH && /^[\p{L}\p{N}_.:/@-]+$/u.test(text)) return text;
  return JSON.stringify(text.slice(0, MAX_LENGTH)).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, escaped);
}

/** Escapes invisible characters: some of them reverse the direction of text, or color a terminal. */
function escaped(character: string): string {
  return `\\u{${character.codePointAt(0)?.toString(16)}}`;
}

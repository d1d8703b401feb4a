import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { ConsoleLogger, Logger } from '@nestjs/common';
import { MismatchingStateError, OAuthError } from 'nestjs-oauth-client';
import { logEvent } from '../../lib/common/log.js';
import { errorFields } from '../../lib/observability/error-fields.js';

const written: string[] = [];

beforeAll(() => {
  class Kept extends ConsoleLogger {
    protected override printMessages(messages: unknown[], _context?: string, level = 'log'): void {
      written.push(...messages.map((message) => `${level}: ${String(message)}`));
    }
  }
  Logger.overrideLogger(new Kept());
});

beforeEach(() => {
  written.length = 0;
});

afterAll(() => Logger.overrideLogger(['error', 'warn']));

it('logs one line for each event, with its defined fields', () => {
  logEvent('warn', 'provider paused', { client: 'harbour', seconds: 4, reason: undefined });
  expect(written).toEqual(['warn: provider paused client=harbour seconds=4']);
});

it('logs the code and the description of an OAuthError, but not the message of another error', () => {
  expect(errorFields(new OAuthError('access_denied', { description: 'the user said no' }))).toEqual({
    error: 'access_denied',
    description: 'the user said no',
  });
  expect(errorFields(new MismatchingStateError('used_state'))).toEqual({
    error: 'mismatching_state',
    reason: 'used_state',
  });
  expect(errorFields(new TypeError('password=hunter2'))).toEqual({ error: 'TypeError' });
  expect(errorFields(undefined)).toEqual({ error: '_OTHER' });
});

it.each([
  ['a line break', 'x\nlogin finished client=harbour', '"x\\nlogin finished client=harbour"'],
  ['a carriage return', 'x\rlogin', '"x\\rlogin"'],
  ['a line separator', 'x\u2028login\u0085', '"x\\u{2028}login\\u{85}"'],
  ['the colors of a terminal', '\u001b[2Kx', '"\\u001b[2Kx"'],
  ['a right-to-left override', 'x\u202ey', '"x\\u{202e}y"'],
  ['a log field', 'x client=other', '"x client=other"'],
  ['a quote', 'x" client=other', '"x\\" client=other"'],
])('log injection: escapes %s in an error code of a provider', (_, code, shown) => {
  logEvent('warn', 'login failed', { client: 'harbour', ...errorFields(new OAuthError(code)) });
  expect(written).toEqual([`warn: login failed client=harbour error=${shown}`]);
});

it('log flooding: truncates a long value', () => {
  logEvent('warn', 'login failed', { error: 'x'.repeat(1_000_000) });
  expect(written[0]?.length).toBeLessThan(600);
});

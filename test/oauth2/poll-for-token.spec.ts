import { describe, expect, it } from '@jest/globals';
import { OAuthError, ProviderError } from 'nestjs-oauth-client';
import { pollForToken } from '../../lib/oauth2/grants/poll-for-token.js';

const PENDING = new OAuthError('authorization_pending');
const SLOW_DOWN = new OAuthError('slow_down');
const SILENCE = new ProviderError({ status: 504 });
const NO_CONNECTION = new ProviderError({ status: 502 });

/** A temporary error of the provider. */
function failure(status: number, headers: Record<string, string> = {}): ProviderError {
  return new ProviderError({ answered: { status, headers } });
}

describe('pollForToken', () => {
  /** Returns the outcome, and the seconds at which requests were sent. */
  async function poll(answers: (Error | string)[], { interval = 5, lifetime = 60 } = {}) {
    const asked: number[] = [];
    let now = 0;
    const clock = {
      now: () => now,
      sleep: async (ms: number) => {
        now += ms;
      },
    };
    const ask = async (): Promise<string> => {
      asked.push(now / 1000);
      const answer = answers.shift() ?? PENDING;
      if (answer instanceof Error) throw answer;
      return answer;
    };
    const outcome = await pollForToken(ask, { interval, expiresAt: lifetime * 1000 }, clock).catch(
      (error: unknown) => error,
    );
    return { outcome, asked, ended: now / 1000 };
  }

  it('sends requests at the interval', async () => {
    expect(await poll([PENDING, PENDING, 'token'])).toEqual({ outcome: 'token', asked: [5, 10, 15], ended: 15 });
    expect(await poll(['token'], { interval: 2 })).toMatchObject({ asked: [2] });
  });

  it('increases the interval by five seconds after each slow_down', async () => {
    expect(await poll([SLOW_DOWN, PENDING, SLOW_DOWN, 'token'])).toMatchObject({
      outcome: 'token',
      asked: [5, 15, 25, 40],
    });
  });

  it('doubles the interval after each timeout', async () => {
    expect(await poll([SILENCE, SILENCE, 'token'])).toMatchObject({ outcome: 'token', asked: [5, 15, 35] });
  });

  it('increases the interval after each temporary failure, and resets it after a response', async () => {
    expect(await poll([failure(503), NO_CONNECTION, failure(429), PENDING, 'token'], { lifetime: 600 })).toMatchObject({
      outcome: 'token',
      asked: [5, 15, 30, 50, 55],
    });
  });

  it('waits for `Retry-After`, and at least for the interval', async () => {
    const later = (seconds: string): ProviderError => failure(429, { 'retry-after': seconds });
    expect(await poll([later('30'), PENDING, later('1'), later('0'), 'token'], { lifetime: 600 })).toMatchObject({
      outcome: 'token',
      asked: [5, 35, 40, 45, 55],
    });
    const inHalfAMinute = new Date(Date.now() + 30_000).toUTCString();
    const { asked } = await poll([later(inHalfAMinute), later('soon'), 'token'], { lifetime: 600 });
    expect(Math.round(asked[1] ?? 0)).toBeGreaterThanOrEqual(33);
    expect((asked[2] ?? 0) - (asked[1] ?? 0)).toBeLessThanOrEqual(60);
  });

  it('waits at most until the code expires if `Retry-After` is later', async () => {
    const { outcome, asked, ended } = await poll([failure(503, { 'retry-after': '86400' })]);
    expect(outcome).toMatchObject({ error: 'expired_token' });
    expect([asked, ended]).toEqual([[5], 60]);
  });

  it('uses the interval of a slow_down response if it adds more than five seconds', async () => {
    const slowDown = (retryAfter: number): ProviderError => new ProviderError({ error: 'slow_down', retryAfter });
    expect(await poll([slowDown(20), PENDING, slowDown(1), 'token'], { lifetime: 600 })).toMatchObject({
      asked: [5, 25, 45, 70],
    });
  });

  it('ends when the code expires, regardless of the failures', async () => {
    for (const error of [failure(500), failure(502), failure(429), SILENCE, NO_CONNECTION]) {
      const { outcome, ended } = await poll(
        Array.from({ length: 1000 }, () => error),
        { lifetime: 600 },
      );
      expect(outcome).toMatchObject({ error: 'expired_token', status: 403 });
      expect(ended).toBe(600);
    }
  });

  it('ends if the user denies access, or the provider refuses the client', async () => {
    for (const end of [
      new OAuthError('access_denied'),
      new OAuthError('expired_token'),
      new ProviderError({ error: 'invalid_client', answered: { status: 401, headers: {} } }),
      new ProviderError({ answered: { status: 400, headers: {} } }),
    ]) {
      expect(await poll([PENDING, end])).toEqual({ outcome: end, asked: [5, 10], ended: 10 });
    }
  });

  it('sends no request after the code has expired', async () => {
    const { outcome, asked, ended } = await poll([], { lifetime: 12 });
    expect(outcome).toMatchObject({ error: 'expired_token' });
    expect([asked, ended]).toEqual([[5, 10], 12]);
  });

  it('ends if it is aborted during a request', async () => {
    const controller = new AbortController();
    const asked = new Promise<void>((resolve) => setTimeout(resolve, 1100));
    const never = new Promise<string>(() => undefined);
    const waiting = pollForToken(() => never, {
      interval: 1,
      expiresAt: Date.now() + 60_000,
      signal: controller.signal,
    });
    void asked.then(() => controller.abort(new Error('the user went away')));
    await expect(waiting).rejects.toThrow('the user went away');
  });

  it('rejects with the abort reason if it is aborted', async () => {
    const controller = new AbortController();
    const reason = new Error('the user went away');
    const waiting = pollForToken(async () => 'token', {
      interval: 60,
      expiresAt: Date.now() + 120_000,
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(reason), 10);
    await expect(waiting).rejects.toBe(reason);
    const late = pollForToken(async () => 'token', {
      interval: 1,
      expiresAt: Date.now() + 60_000,
      signal: controller.signal,
    });
    await expect(late).rejects.toBe(reason);
  });
});

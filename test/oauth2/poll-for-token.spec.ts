import { describe, expect, it } from '@jest/globals';
import { OAuthError, ProviderError } from 'nestjs-oauth-client';
import { pollForToken } from '../../lib/oauth2/grants/poll-for-token.js';

const PENDING = new OAuthError('authorization_pending');
const SLOW_DOWN = new OAuthError('slow_down');
const SILENCE = new ProviderError({ status: 504 });

describe('waiting for a user on another device', () => {
  /** What came of it, and the seconds at which the provider was asked. */
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

  it('asks at the interval, and not before', async () => {
    expect(await poll([PENDING, PENDING, 'token'])).toEqual({ outcome: 'token', asked: [5, 10, 15], ended: 15 });
    expect(await poll(['token'], { interval: 2 })).toMatchObject({ asked: [2] });
  });

  it('asks five seconds later each time when told to slow down, from then on', async () => {
    expect(await poll([SLOW_DOWN, PENDING, SLOW_DOWN, 'token'])).toMatchObject({
      outcome: 'token',
      asked: [5, 15, 25, 40],
    });
  });

  it('asks half as often when no answer comes in time', async () => {
    expect(await poll([SILENCE, SILENCE, 'token'])).toMatchObject({ outcome: 'token', asked: [5, 15, 35] });
  });

  it('ends when the user says no, or the provider fails', async () => {
    for (const end of [
      new OAuthError('access_denied'),
      new OAuthError('expired_token'),
      new ProviderError({ status: 502 }),
    ]) {
      expect(await poll([PENDING, end])).toEqual({ outcome: end, asked: [5, 10], ended: 10 });
    }
  });

  it('ends when time is up, and asks no more', async () => {
    const { outcome, asked, ended } = await poll([], { lifetime: 12 });
    expect(outcome).toMatchObject({ error: 'expired_token' });
    expect([asked, ended]).toEqual([[5, 10], 12]);
  });

  it('ends when it is aborted, with what it is aborted with', async () => {
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

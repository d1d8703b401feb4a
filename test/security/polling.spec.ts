import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OAuthError, ProviderError, type OAuth2App, type OAuthClientModuleOptions } from 'nestjs-oauth-client';
import { pollForToken } from '../../lib/oauth2/grants/poll-for-token.js';
import { registryWith } from '../config/registry-with.js';
import { clientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

let provider: ScriptedProvider;

beforeEach(async () => {
  provider = await startScriptedProvider();
  provider.on('POST /token', () => ({ status: 400, json: { error: 'authorization_pending' } }));
});

afterEach(() => provider.close());

/** Begins a device login and a CIBA login with these fields in the provider's response. */
async function begin(
  terms: string,
  options: OAuthClientModuleOptions = {},
): Promise<Awaited<ReturnType<OAuth2App['deviceAuthorization']>>[]> {
  const dev = clientOf(provider, {
    deviceAuthorizationEndpoint: `${provider.url}/device`,
    backchannelAuthenticationEndpoint: `${provider.url}/ciba`,
  });
  const headers = { 'content-type': 'application/json' };
  const device = `"device_code": "d", "user_code": "u", "verification_uri": "https://p.test/device"`;
  provider.on('POST /device', () => ({ headers, body: `{${device}, ${terms}}` }));
  provider.on('POST /ciba', () => ({ headers, body: `{"auth_req_id": "r", ${terms}}` }));
  const app = (await registryWith({ options: { clients: { dev }, ...options } })).get<OAuth2App>('dev');
  return Promise.all([
    app.deviceAuthorization(),
    app.backchannelAuthentication({ loginHint: 'ada' }) as ReturnType<OAuth2App['deviceAuthorization']>,
  ]);
}

describe('the interval and lifetime that a provider sets', () => {
  it.each([
    ['far beyond the longest timer', '"interval": 1e300, "expires_in": 1e301'],
    ['just beyond the longest timer', '"interval": 2147484, "expires_in": 1e9'],
    ['close to zero', '"interval": 1e-9, "expires_in": 600'],
  ])('busy loop: waits at least a second between polls with an interval %s', async (_what, terms) => {
    const signal = AbortSignal.timeout(400);
    const waits = (await begin(terms)).map((grant) => grant.wait({ signal }));
    for (const wait of waits) await expect(wait).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(provider.requests.filter(({ path }) => path === '/token')).toEqual([]);
  });

  it.each([
    ['"expires_in": 600', 5],
    ['"interval": 0.5, "expires_in": 600', 1],
    ['"interval": 7, "expires_in": 600', 7],
    ['"interval": 1e300, "expires_in": 600', 300],
  ])('sets an interval from 1 to 300 seconds for %s', async (terms, interval) => {
    for (const grant of await begin(terms)) expect(grant.interval).toBe(interval);
  });

  it('reads numbers in strings', async () => {
    for (const grant of await begin('"interval": "7", "expires_in": "1800"')) {
      expect(grant.interval).toBe(7);
      expect(Math.abs(grant.expiresAt.getTime() - Date.now() - 1_800_000)).toBeLessThan(5000);
    }
  });

  it.each(['1e300', '1e15', '86401'])('limits a lifetime of %s seconds to one day', async (expiresIn) => {
    for (const { expiresAt } of await begin(`"expires_in": ${expiresIn}`)) {
      expect(Math.abs(expiresAt.getTime() - Date.now() - DAY_MS)).toBeLessThan(5000);
    }
  });

  it.each([
    '"interval": -1, "expires_in": 600',
    '"interval": "often", "expires_in": 600',
    '"interval": 1e999, "expires_in": 600',
    '"interval": null, "expires_in": 600',
    '"expires_in": -1',
    '"expires_in": "later"',
    '"expires_in": "1h"',
    '"expires_in": "600s"',
    '"interval": "5s", "expires_in": 600',
    '"expires_in": 1e999',
  ])('refuses %s and does not poll', async (terms) => {
    const grants = await begin(terms).catch((error: unknown) => error);
    expect(grants).toMatchObject({ error: 'token_invalid', status: 502 });
  });
});

describe('the polling interval', () => {
  /** Returns the seconds between polls of a provider that always responds with this answer. */
  async function intervals(answer: Error, interval: unknown, lifetime = HOUR_MS): Promise<number[]> {
    let now = 0;
    const asked: number[] = [];
    const clock = {
      now: () => now,
      sleep: async (milliseconds: number) => {
        now += milliseconds;
      },
    };
    const ask = (): Promise<never> => {
      asked.push(now / 1000);
      return Promise.reject(answer);
    };
    const terms = { interval: interval as number, expiresAt: lifetime };
    await pollForToken(ask, terms, clock).catch(() => undefined);
    return asked.map((at, index) => at - (asked[index - 1] ?? 0));
  }

  it.each([
    ['slow_down', new OAuthError('slow_down'), 300],
    ['slow_down with a huge interval', new ProviderError({ error: 'slow_down', retryAfter: 1e300 }), 300],
    ['silence', new ProviderError({ status: 504 }), 300],
    ['an unreachable provider', new ProviderError({ status: 502 }), 60],
  ])('keeps the interval under its limit despite repeated responses of: %s', async (_what, answer, most) => {
    const seconds = await intervals(answer, 5, DAY_MS);
    expect(Math.max(...seconds)).toBe(most);
    expect(seconds.length).toBeGreaterThan(200);
  });

  it.each([NaN, -1, 0, 1e-9, '5', undefined, null, {}])(
    'an interval of %p is at least one second',
    async (interval) => {
      const seconds = await intervals(new OAuthError('authorization_pending'), interval);
      expect(Math.min(...seconds)).toBeGreaterThanOrEqual(1);
    },
  );
});

it.each([
  ['a script', { verification_uri: 'javascript:alert(1)//' }],
  ['a data URL', { verification_uri: 'data:text/html,<script>alert(1)</script>' }],
  ['a script with the code', { verification_uri_complete: 'javascript:alert(1)//' }],
  ['text that runs backwards', { verification_uri: 'https://p.test/\u202eecived' }],
  ['a huge link', { verification_uri: `https://p.test/${'x'.repeat(3000)}` }],
  ['control characters in the code', { user_code: '\u001b[2J' }],
  ['a huge code', { user_code: 'x'.repeat(101) }],
])('refuses a device response with %s', async (_, more) => {
  const answer = JSON.stringify({ verification_uri: 'https://p.test/device', ...more }).slice(1, -1);
  await expect(begin(`${answer}, "expires_in": 600`)).rejects.toMatchObject({
    description: expect.stringContaining('expected a verification_uri of http or https'),
  });
});

it('a browser shows no text of a provider that fails while a login is pending', async () => {
  provider.on('POST /token', () => ({
    status: 400,
    text: 'internal host db1.internal',
    json: { error: 'x y', error_description: 'db1.internal' },
  }));
  for (const grant of await begin('"interval": 1, "expires_in": 600', { exposeErrors: false })) {
    const error = (await grant.wait().catch((reason: unknown) => reason)) as OAuthError;
    expect(error).toBeInstanceOf(OAuthError);
    expect(JSON.stringify(error.getResponse())).not.toContain('db1');
  }
});

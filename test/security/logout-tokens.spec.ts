import { Controller, Get, Post } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OAuthBackchannelLogout } from 'nestjs-oauth-client';
import type { EndedSession } from 'nestjs-oauth-client/stores';
import { run, stopAll } from '../conformance/relying-party.js';
import { sign, startConformanceProvider, type ConformanceProvider } from '../providers/conformance-provider.js';
import { discoveringClientOf } from '../providers/client-of.js';
import { testApp, type TestApp } from '../support/test-app.js';

const EVENTS = { 'http://schemas.openid.net/event/backchannel-logout': {} };

@Controller('logout')
class LogoutController {
  @Post()
  @OAuthBackchannelLogout('rp')
  signedOut(): void {}

  @Get()
  @OAuthBackchannelLogout('rp')
  signedOutByGet(): void {}
}

describe.each(['express', 'fastify'] as const)('a logout token on %s', (platform) => {
  const ended: EndedSession[] = [];
  let provider: ConformanceProvider;
  let app: TestApp;
  let url: string;

  beforeEach(async () => {
    ended.length = 0;
    provider = await startConformanceProvider('RS256', {});
    app = await testApp({
      platform,
      clients: { rp: discoveringClientOf(provider, { clientId: 'rp' }) },
      controllers: [LogoutController],
      onBackchannelLogout: (session) => ended.push(session),
    });
    url = `${app.url}/logout`;
  });

  afterEach(async () => {
    await app.close();
    await provider.close();
    await stopAll();
  });

  function token(change: object = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const right = { iss: provider.url, aud: 'rp', iat: now, exp: now + 60, jti: crypto.randomUUID(), events: EVENTS };
    return sign({ header: { alg: 'RS256', kid: 'rsa-1' }, claims: { ...right, sub: 'ada', sid: 's', ...change } });
  }

  async function post(logoutToken: string): Promise<{ status: number; text: string }> {
    const answer = await fetch(url, { method: 'POST', body: new URLSearchParams({ logout_token: logoutToken }) });
    return { status: answer.status, text: await answer.text() };
  }

  it('ends the session once', async () => {
    const good = await token();
    expect(await post(good)).toMatchObject({ status: 200 });
    expect(ended).toEqual([{ name: 'rp', iss: provider.url, sub: 'ada', sid: 's' }]);
    expect(await post(good)).toMatchObject({ status: 400, text: expect.stringContaining('used before') });
  });

  const now = Math.floor(Date.now() / 1000);
  it.each<[string, object, RegExp]>([
    ['issued in the future', { iat: now + 600, exp: now + 700 }, /issued at .* \(iat\)/],
    ['that is two hours old and not expired', { iat: now - 7200, exp: now + 60 }, /issued at .* \(iat\)/],
    ['that expires in a year', { exp: now + 365 * 86400 }, /is good until/],
    ['whose exp is beyond the longest date', { exp: 1e300 }, /is good until/],
    ['whose iat is a string', { iat: String(now) }, /iat/],
    ['whose jti is a number', { jti: 7 }, /its jti is not a string/],
    ['whose jti is an object', { jti: { toString: 1 } }, /its jti is not a string/],
    ['whose jti is empty', { jti: '' }, /its jti is not a string/],
    ['whose jti has 2000 characters', { jti: 'x'.repeat(2000) }, /its jti is not a string/],
    ['whose sub is a list, beside a valid sid', { sub: ['ada'] }, /its sub is not a string/],
    ['whose sid is a number, beside a valid sub', { sid: 7 }, /its sid is not a string/],
  ])('refuses a logout token %s', async (_, change, why) => {
    const { status, text } = await post(await token(change));
    expect([status, text]).toEqual([400, expect.stringMatching(why)]);
    expect(ended).toEqual([]);
  });

  it('refuses a logout token in the query of a GET, because URLs are logged', async () => {
    const answer = await fetch(`${url}?logout_token=${await token()}`);
    expect([answer.status, await answer.json()]).toEqual([400, expect.objectContaining({ error: 'invalid_request' })]);
    expect(ended).toEqual([]);
  });

  it('refuses a logout token in the query of a POST', async () => {
    const answer = await fetch(`${url}?logout_token=${await token()}`, { method: 'POST' });
    expect(answer.status).toBe(400);
    expect(ended).toEqual([]);
  });
});

describe('an id_token for another client', () => {
  afterEach(stopAll);

  it.each([
    ['with a single audience', { azp: 'another' }],
    ['with a list of one audience', { azp: 'another', aud: ['rp'] }],
    ['with two audiences', { azp: 'another', aud: ['rp', 'another'] }],
    ['with an azp that is not a string', { azp: ['rp'] }],
  ])('refuses an id_token for another client, %s', async (_, change) => {
    const { body } = await run({ idToken: ({ header, claims }) => ({ header, claims: { ...claims, ...change } }) });
    expect([body.error, body.error_description]).toEqual(['token_invalid', expect.stringMatching(/azp/)]);
  });

  it('refuses an id_token for another client in the response to code id_token', async () => {
    const { status, body } = await run({
      params: { response_type: 'code id_token' },
      idToken: ({ header, claims }) => ({ header, claims: { ...claims, azp: 'another' } }),
    });
    expect([status, body.error_description]).toEqual([400, expect.stringMatching(/asked for by "another" \(azp\)/)]);
  });

  it('accepts an id_token whose azp is this client', async () => {
    const { status } = await run({ idToken: ({ header, claims }) => ({ header, claims: { ...claims, azp: 'rp' } }) });
    expect(status).toBe(200);
  });
});

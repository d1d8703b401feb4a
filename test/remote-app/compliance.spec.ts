import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ComplianceFix } from 'nestjs-oauth-client';
import { clientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { testApp, type TestApp } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';

describe('complianceFix for a provider that breaks the standard', () => {
  let provider: ScriptedProvider;
  let app: TestApp;

  beforeEach(async () => {
    provider = await startScriptedProvider();
  });

  afterEach(async () => {
    await app.close();
    await provider.close();
  });

  /** Signs in with a client that has these settings, and returns the response of the callback route. */
  async function signIn(settings: { complianceFix?: ComplianceFix; accessTokenParams?: { method: string } }) {
    const client = clientOf(provider, settings);
    app = await testApp({ clients: { odd: client } });
    const response = await new Visitor(() => app).signIn('code=foo', 'odd');
    return response.json();
  }

  it('adds a missing token_type (Slack)', async () => {
    provider.on('POST /token', () => ({ json: { ok: true, access_token: 'a', team_id: 'T1' } }));
    const complianceFix: ComplianceFix = (session) =>
      session.registerComplianceHook('access_token_response', (response) => {
        response.data.token_type = 'Bearer';
        return response;
      });
    expect(await signIn({ complianceFix })).toMatchObject({
      token: { accessToken: 'a', tokenType: 'bearer', team_id: 'T1' },
    });
  });

  it('parses a token response that is a form', async () => {
    provider.on('POST /token', () => ({
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'access_token=a&token_type=bearer&expires_in=60',
    }));
    const complianceFix: ComplianceFix = (session) =>
      session.registerComplianceHook('access_token_response', (response) => ({
        ...response,
        data: Object.fromEntries(new URLSearchParams(response.text)),
      }));
    expect(await signIn({ complianceFix })).toMatchObject({
      token: { accessToken: 'a', tokenType: 'bearer', expiresAt: expect.any(Number) },
    });
  });

  it('unwraps a token that is inside another object (TikTok)', async () => {
    provider.on('POST /token', () => ({
      json: { message: 'success', data: { access_token: 'a', token_type: 'bearer', open_id: 'o' } },
    }));
    const complianceFix: ComplianceFix = (session) =>
      session.registerComplianceHook('access_token_response', async (response) => ({
        ...response,
        data: response.data.data as Record<string, unknown>,
      }));
    expect(await signIn({ complianceFix })).toMatchObject({ token: { accessToken: 'a', open_id: 'o' } });
  });

  it('renames expires to expires_in (Facebook in the past)', async () => {
    provider.on('POST /token', () => ({ json: { access_token: 'a', token_type: 'bearer', expires: '5184000' } }));
    const complianceFix: ComplianceFix = (session) =>
      session.registerComplianceHook('access_token_response', (response) => {
        response.data.expires_in = response.data.expires;
        return response;
      });
    const { token } = (await signIn({ complianceFix })) as { token: { expiresAt: number } };
    expect(Math.abs(token.expiresAt - Date.now() / 1000 - 5184000)).toBeLessThan(3);
  });

  it('sends the token request as a GET', async () => {
    provider.on('GET /token', () => ({ json: { access_token: 'a', token_type: 'bearer' } }));
    expect(await signIn({ accessTokenParams: { method: 'GET' } })).toMatchObject({ token: { accessToken: 'a' } });
    const request = provider.requests.findLast(({ path }) => path === '/token');
    expect(Object.fromEntries(new URL(request?.url ?? '', provider.url).searchParams)).toMatchObject({
      grant_type: 'authorization_code',
      code: 'foo',
    });
    expect(request?.headers['content-type']).toBeUndefined();
    expect(request?.headers.authorization).toMatch(/^Basic /);
  });

  it('adds a custom header to API calls (Twitch)', async () => {
    provider.on('POST /token', () => ({ json: { access_token: 'a', token_type: 'bearer' } }));
    provider.on('GET /api/users', () => ({ json: { ok: true } }));
    const complianceFix: ComplianceFix = (session) =>
      session.registerComplianceHook('protected_request', (request) => {
        expect(request.headers.authorization).toBe('Bearer a');
        return { ...request, headers: { ...request.headers, 'client-id': 'dev' } };
      });
    await signIn({ complianceFix });
    await app.registry.get('odd').get('users', { token: { accessToken: 'a' } });
    expect(provider.requests.at(-1)?.headers).toMatchObject({ 'client-id': 'dev', authorization: 'Bearer a' });
  });

  it('changes the refresh request and its response', async () => {
    provider.on('POST /token', () => ({ json: { new_token: 'b', token_type: 'bearer' } }));
    provider.on('GET /api/users', () => ({ json: { ok: true } }));
    const complianceFix: ComplianceFix = (session) => {
      session.registerComplianceHook('refresh_token_request', (request) => {
        request.body.set('app', 'dev');
        return request;
      });
      session.registerComplianceHook('refresh_token_response', (response) => ({
        ...response,
        data: { ...response.data, access_token: response.data.new_token },
      }));
    };
    await signIn({ complianceFix });
    await app.registry.get('odd').get('users', { token: { accessToken: 'a', refreshToken: 'r', expiresAt: 1 } });
    const refresh = provider.requests.findLast(({ path }) => path === '/token');
    expect(Object.fromEntries(new URLSearchParams(refresh?.body.toString()))).toEqual({
      grant_type: 'refresh_token',
      refresh_token: 'r',
      app: 'dev',
    });
    expect(provider.requests.at(-1)?.headers.authorization).toBe('Bearer b');
  });

  it('runs several hooks with one name in the order of their registration', async () => {
    provider.on('POST /token', () => ({ json: {} }));
    const complianceFix: ComplianceFix = (session) => {
      session.registerComplianceHook('access_token_response', (response) => ({
        ...response,
        data: { access_token: 'a' },
      }));
      session.registerComplianceHook('access_token_response', (response) => ({
        ...response,
        data: { ...response.data, token_type: 'bearer' },
      }));
    };
    expect(await signIn({ complianceFix })).toMatchObject({ token: { accessToken: 'a', tokenType: 'bearer' } });
  });
});

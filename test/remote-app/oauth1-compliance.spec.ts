import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ComplianceFix } from 'nestjs-oauth-client';
import type { TokenEndpointResponse } from 'nestjs-oauth-client/protocol';
import { oauth1ClientOf } from '../providers/client-of.js';
import { answerLogins, startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { testApp, type TestApp } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';

describe('complianceFix for responses of OAuth 1', () => {
  let provider: ScriptedProvider;
  let app: TestApp;

  beforeEach(async () => {
    provider = await startScriptedProvider();
    answerLogins(provider);
  });

  afterEach(async () => {
    await app.close();
    await provider.close();
  });

  async function start(complianceFix: ComplianceFix): Promise<Visitor> {
    app = await testApp({ clients: { dev: oauth1ClientOf(provider, { complianceFix }) } });
    return new Visitor(() => app);
  }

  /** Signs in, and returns the response of the callback route. */
  async function signIn(complianceFix: ComplianceFix) {
    const visitor = await start(complianceFix);
    const { state } = await visitor.login();
    return visitor.callback({ oauth_token: state, oauth_verifier: 'v' });
  }

  it('renames the fields of a request token before they are checked', async () => {
    provider.on('POST /request-token', () => ({
      json: { token: 'rt', secret: 'rts', oauth_callback_confirmed: true },
    }));
    const page = await signIn((session) =>
      session.registerComplianceHook('request_token_response', (response) => ({
        ...response,
        data: { ...response.data, oauth_token: response.data.token, oauth_token_secret: response.data.secret },
      })),
    );
    expect(page.json()).toMatchObject({ token: { oauthToken: 'at' } });
  });

  it('receives the status, the headers, the text and the parsed parameters of an access token response', async () => {
    const seen: TokenEndpointResponse[] = [];
    provider.on('POST /access-token', () => ({
      headers: { 'content-type': 'text/plain' },
      body: 'oauth_token=at&oauth_token_secret=ats&name=Ada+L',
    }));
    const page = await signIn((session) =>
      session.registerComplianceHook('access_token_response', (response) => {
        seen.push({ ...response, data: { ...response.data } });
        response.data.screen_name = 'ada';
        return response;
      }),
    );
    expect(seen).toEqual([
      {
        status: 200,
        headers: expect.objectContaining({ 'content-type': 'text/plain' }),
        text: 'oauth_token=at&oauth_token_secret=ats&name=Ada+L',
        data: { oauth_token: 'at', oauth_token_secret: 'ats', name: 'Ada L' },
      },
    ]);
    expect(page.json()).toMatchObject({ token: { oauthToken: 'at', name: 'Ada L', screen_name: 'ada' } });
  });

  it('turns a failure into a success only if the hook changes the status and the data', async () => {
    provider.on('POST /access-token', () => ({ status: 400, body: 'token missing' }));
    const page = await signIn((session) =>
      session.registerComplianceHook('access_token_response', (response) => response),
    );
    expect(page.status).toBe(502);
    await app.close();
    const repaired = await signIn((session) =>
      session.registerComplianceHook('access_token_response', () => ({
        status: 200,
        headers: {},
        text: '',
        data: { oauth_token: 'at', oauth_token_secret: 'ats' },
      })),
    );
    expect(repaired.json()).toMatchObject({ token: { oauthToken: 'at' } });
  });

  it('checks the callback confirmation after the hook of the request token', async () => {
    const visitor = await start((session) =>
      session.registerComplianceHook('request_token_response', (response) => {
        delete response.data.oauth_callback_confirmed;
        return response;
      }),
    );
    expect((await visitor.visit('dev/login', { follow: false })).status).toBe(502);
  });

  it('reports a hook that returns nothing', async () => {
    const visitor = await start((session) =>
      session.registerComplianceHook('request_token_response', (() => undefined) as never),
    );
    const page = await visitor.visit('dev/login', { follow: false });
    expect(page.status).toBe(500);
    expect(page.text).toContain('request_token_response');
    expect(page.text).not.toContain('rts');
  });
});

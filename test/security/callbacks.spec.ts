import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { ClientRegistration } from 'nestjs-oauth-client';
import { clientOf, discoveringClientOf, metadataOf, oauth1ClientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { testApp, type TestApp } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';
import { describeEveryKind } from './kinds.js';

const PRIVATE = { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' };

/** Returns an unsigned JWT. */
function unsigned(claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part(claims)}.`;
}

describeEveryKind((kind) => {
  let provider: ScriptedProvider;
  let app: TestApp;
  let visitor: Visitor;

  beforeEach(async () => {
    provider = await startScriptedProvider();
    provider.on('POST /token', () => ({ json: { access_token: 'a', token_type: 'bearer' } }));
    provider.on('POST /request-token', () => ({
      body: 'oauth_token=request-token-of-ada&oauth_token_secret=s&oauth_callback_confirmed=true',
    }));
    provider.on('POST /access-token', () => ({ body: 'oauth_token=at&oauth_token_secret=ats' }));
    provider.on('GET /.well-known/openid-configuration', () => ({
      json: metadataOf(provider, { end_session_endpoint: `${provider.url}/end`, jwks_uri: `${provider.url}/jwks` }),
    }));
    provider.on('GET /jwks', () => ({ json: { keys: [] } }));
    const plain = clientOf(provider);
    const clients: Record<string, ClientRegistration> = {
      dev: plain,
      oidc: discoveringClientOf(provider),
      old: oauth1ClientOf(provider),
    };
    app = await testApp({ clients, ...kind.options() });
    visitor = new Visitor(() => app);
  });

  afterEach(async () => {
    await app.close();
    await provider.close();
  });

  const STRANGE = { error: 'mismatching_state' };

  it('content spoofing: an error callback without a pending login shows nothing of its URL', async () => {
    const links = ['', '&state=', '&state=made-up-by-the-attacker', '&state[]=a'];
    for (const state of links) {
      for (const name of ['dev', 'oidc']) {
        const query = `error=access_denied&error_description=Call+555-1234&error_uri=https://evil.example${state}`;
        const { status, text } = await visitor.callback(query, name);
        expect(status).toBe(400);
        expect(text).not.toMatch(/555|evil|access_denied/);
      }
    }
    const denied = await visitor.callback('denied=attackers-request-token', 'old');
    expect([denied.status, denied.json()]).toEqual([400, expect.objectContaining(STRANGE)]);
    const problem = await visitor.callback('oauth_problem=user_refused&oauth_problem_advice=evil', 'old');
    expect([problem.status, problem.text.includes('evil')]).toEqual([400, false]);
  });

  it('an error callback with the state of another browser does not end the login of that browser', async () => {
    const { state } = await visitor.login();
    const victim = visitor;
    visitor = new Visitor(() => app);
    await visitor.login();
    expect((await visitor.callback(`error=access_denied&state=${state}`)).json()).toMatchObject(STRANGE);
    visitor = victim;
    expect((await visitor.callback(`code=c&state=${state}`)).status).toBe(200);
  });

  it('a JWT response without a pending login is not verified, and fetches no keys', async () => {
    const claims = { iss: provider.url, aud: 'id', exp: 9e9, state: 'made-up-by-the-attacker', error: 'evil' };
    await visitor.login('oidc');
    for (const response of [unsigned(claims), unsigned({}), 'x.y.z', 'a.b.c.d.e', `${unsigned(claims)}x`, '..']) {
      const { status, text } = await visitor.callback(`response=${response}`, 'oidc');
      expect([status, JSON.parse(text)]).toEqual([400, expect.objectContaining(STRANGE)]);
      expect(text).not.toContain('evil');
    }
    expect(provider.requests.map(({ path }) => path)).not.toContain('/jwks');
  });

  it('reports an error callback of a pending login once', async () => {
    for (const name of ['dev', 'oidc']) {
      const { state } = await visitor.login(name);
      const query = `error=access_denied&state=${state}`;
      expect((await visitor.callback(query, name)).json()).toMatchObject({ error: 'access_denied' });
      expect((await visitor.callback(query, name)).json()).toMatchObject(STRANGE);
    }
    const { state: requestToken } = await visitor.login('old');
    expect((await visitor.callback(`denied=${requestToken}`, 'old')).status).toBe(403);
    expect((await visitor.callback(`oauth_token=${requestToken}&oauth_verifier=v`, 'old')).json()).toMatchObject(
      STRANGE,
    );
  });

  it('login and logout routes send no-store and no-referrer', async () => {
    const { state } = await visitor.login();
    const answers = [
      await visitor.callback(`code=c&state=${state}`),
      await visitor.callback(`code=c&state=${state}`),
      await visitor.callback('error=x'),
      await visitor.callback('code[]=c&code[]=d'),
      await visitor.visit('dev/login', { follow: false }),
      await visitor.visit('dev/login?next=//evil.example', { follow: false }),
      await visitor.visit('oidc/logout', { follow: false }),
      await visitor.visit('oidc/signed-out?state=none'),
      await visitor.visit('nobody/callback?code=c'),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 400, 400, 400, 302, 400, 302, 400, 404]);
    for (const { headers } of answers) expect(Object.fromEntries(headers)).toMatchObject(PRIVATE);
  });

  it('cookie flooding: an image or frame of another site cannot begin a login or evict a pending login', async () => {
    const { state } = await visitor.login();
    for (const destination of ['image', 'script', 'iframe', 'frame', 'empty', 'embed']) {
      for (const site of ['cross-site', 'same-site']) {
        const headers = { 'sec-fetch-site': site, 'sec-fetch-dest': destination };
        for (const path of ['dev/login', 'oidc/logout']) {
          const page = await visitor.get(`${app.url}/auth/${path}`, { follow: false, headers });
          expect(page.status).toBe(403);
          expect(page.headers.getSetCookie().join()).not.toContain('oauth_');
        }
      }
    }
    const links: Record<string, string>[] = [
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'document' },
      { 'sec-fetch-site': 'same-origin', 'sec-fetch-dest': 'empty' },
      { 'sec-fetch-site': 'none', 'sec-fetch-dest': 'document' },
      {},
    ];
    for (const headers of links) {
      expect((await visitor.visit('dev/login', { follow: false, headers })).status).toBe(302);
    }
    expect((await visitor.callback(`code=c&state=${state}`)).status).toBe(200);
  });
});

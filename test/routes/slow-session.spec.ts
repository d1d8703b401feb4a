import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Redirect, Req } from '@nestjs/common';
import type { Request } from 'express';
import { MemoryStore, type SessionData } from 'express-session';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  OAuthCallback,
  OAuthLogin,
  OAuthReturnTo,
  regenerateSession,
  type OAuthLoginParams,
} from 'nestjs-oauth-client';
import { CookieJar } from 'tough-cookie';
import { clientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ScriptedProvider } from '../providers/scripted-provider.js';
import { testApp, type TestApp } from '../support/test-app.js';

/** A slow store, like one on another machine: every write takes 150 ms. */
class SlowStore extends MemoryStore {
  override set(sid: string, data: SessionData, done?: (error?: unknown) => void): void {
    void sleep(150).then(() => super.set(sid, data, done));
  }

  override destroy(sid: string, done?: (error?: unknown) => void): void {
    void sleep(150).then(() => super.destroy(sid, done));
  }
}

type Signed = Omit<Request, 'session'> & { session: Request['session'] & { userId?: string } };

@Controller()
class AuthController {
  @Get('login')
  @OAuthLogin('dev', { redirectUri: '/callback' })
  login(): OAuthLoginParams {
    return { returnTo: '/me' };
  }

  /** The example of docs/login.md. */
  @Get('callback')
  @OAuthCallback('dev')
  @Redirect()
  async callback(@Req() request: Signed, @OAuthReturnTo() returnTo: string): Promise<{ url: string }> {
    await regenerateSession(request);
    Object.assign(request.session, { userId: 'ada' });
    await new Promise<void>((resolve, reject) =>
      request.session.save((error?: Error) => (error ? reject(error) : resolve())),
    );
    return { url: returnTo };
  }

  @Get('me')
  me(@Req() request: Signed): string {
    return String(request.session.userId);
  }
}

describe('a session store that takes 150 ms', () => {
  let provider: ScriptedProvider;
  let app: TestApp;

  beforeEach(async () => {
    provider = await startScriptedProvider();
    provider.on('POST /token', () => ({ json: { access_token: 'a', token_type: 'bearer' } }));
    app = await testApp({
      clients: { dev: clientOf(provider) },
      controllers: [AuthController],
      session: { store: new SlowStore() },
    });
  });

  afterEach(async () => {
    await app.close();
    await provider.close();
  });

  it('keeps the login and the user of a browser that follows redirects before the response has ended', async () => {
    const { url } = app;
    const jar = new CookieJar();
    const get = async (path: string): Promise<Response> => {
      const headers = { cookie: await jar.getCookieString(url) };
      const response = await fetch(new URL(path, url), { headers, redirect: 'manual' });
      for (const line of response.headers.getSetCookie()) await jar.setCookie(line, url);
      return response; // without waiting for the body
    };
    const begun = await get('/login');
    const state = new URL(begun.headers.get('location') ?? '').searchParams.get('state');
    const callback = await get(`/callback?code=c&state=${state}`);
    expect([callback.status, callback.headers.get('location')]).toEqual([302, '/me']);
    expect(await (await get('/me')).text()).toBe('ada');
  });

  it('requires the example of docs/login.md to save the session before the redirect', () => {
    const example = readFileSync('docs/login.md', 'utf8');
    expect(example).toMatch(
      /regenerateSession\(request\);[^`]*request\.session\.save\([^`]*return \{ url: returnTo \}/,
    );
  });
});

import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, Req } from '@nestjs/common';
import type { Request } from 'express';
import { regenerateSession } from 'nestjs-oauth-client';
import { Browser } from '../support/browser.js';
import { serve } from '../support/test-app.js';

@Controller()
class SignInController {
  @Get('begin')
  begin(@Req() { session }: Request): string {
    Object.assign(session, {
      _state_dev_x: { data: { provider: 'dev' }, exp: 9e9 },
      _used_states: ['u'],
      cart: 'apples',
    });
    return session.id;
  }

  @Get('sign-in')
  async signIn(@Req() request: Request): Promise<object> {
    await regenerateSession(request);
    return { id: request.session.id, keys: Object.keys(request.session) };
  }
}

@Module({ controllers: [SignInController] })
class SignInModule {}

describe('regenerateSession()', () => {
  let app: Awaited<ReturnType<typeof serve>>;

  afterEach(() => app.close());

  async function start(withSession: boolean): Promise<string> {
    app = await serve(SignInModule, { session: withSession ? {} : 'none' });
    return app.url;
  }

  it('creates a session with a new id that keeps only the pending logins of other tabs', async () => {
    const url = await start(true);
    const browser = new Browser();
    const { text: id } = await browser.get(`${url}/begin`);
    const signedIn = (await browser.get(`${url}/sign-in`)).json() as { id: string; keys: string[] };
    expect(signedIn.id).not.toBe(id);
    expect(signedIn.keys).toEqual(['cookie', '_state_dev_x', '_used_states']);
  });

  it('requires a session', async () => {
    const url = await start(false);
    expect((await new Browser().get(`${url}/sign-in`)).json()).toMatchObject({ error: 'missing_session' });
  });
});

import { Controller, Get, Post, Redirect, Req } from '@nestjs/common';
import type { Request } from 'express';
import { InjectRemoteApp, type OAuth2App, type OAuth2Token } from 'nestjs-oauth-client';
import { sessionOf } from './session.js';
import { callAll, type StormReport } from './storm.js';
import { Stores } from './stores.js';
import { THIS_PROCESS } from './this-process.js';

/** Calls Harbour's API for the user who is signed in. */
@Controller()
export class ApiController {
  constructor(
    @InjectRemoteApp('harbour') private readonly harbour: OAuth2App,
    private readonly stores: Stores,
  ) {}

  @Get('api/me')
  async me(@Req() request: Request): Promise<object> {
    const { data: user } = await this.harbour.get<object>('me', { request });
    return { process: THIS_PROCESS, user };
  }

  /** Expires the user's token, so that the next call must refresh it. */
  @Post('expire')
  @Redirect('/')
  async expire(@Req() request: Request): Promise<void> {
    const key = { name: 'harbour', user: sessionOf(request).user?.id ?? '' };
    const held = await this.stores.tokens.fetch(key);
    if (held) await this.stores.tokens.save(key, { ...(held.token as OAuth2Token), expiresAt: 1 }, held.version);
  }

  @Post('storm')
  storm(@Req() { headers }: Request): Promise<StormReport> {
    return callAll('/api/me', headers.cookie ?? '');
  }
}

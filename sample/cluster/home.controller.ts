import { Controller, Get, Header, Req } from '@nestjs/common';
import type { Request } from 'express';
import type { OAuth2Token } from 'nestjs-oauth-client';
import { homePage } from './home.page.js';
import { sessionOf } from './session.js';
import { readSettings } from './settings.js';
import { Stores } from './stores.js';
import { THIS_PROCESS } from './this-process.js';

@Controller()
export class HomeController {
  constructor(private readonly stores: Stores) {}

  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Cache-Control', 'no-store')
  async home(@Req() request: Request): Promise<string> {
    const { processes } = readSettings();
    const session = sessionOf(request);
    const { tokens, tokensAre, state } = this.stores;
    const held = session.user && (await tokens.fetch({ name: 'harbour', user: session.user.id }));
    const { expiresAt } = (held?.token ?? {}) as Partial<OAuth2Token>;
    const loginsWait = state === 'cookie' ? 'in a sealed cookie' : 'in Redis';
    return homePage({ processes, servedBy: THIS_PROCESS, session, expiresAt, tokensAre, loginsWait });
  }
}

import { Controller, Get, Header, Req } from '@nestjs/common';
import type { Request } from 'express';
import { OAuth1App, OAuthRegistry } from 'nestjs-oauth-client';
import { homePage } from './pages/home.page.js';
import './session.js';
import { TokensService } from './tokens/tokens.service.js';
import { UsersService } from './users/users.service.js';

@Controller()
export class HomeController {
  constructor(
    private readonly registry: OAuthRegistry,
    private readonly users: UsersService,
    private readonly tokens: TokensService,
  ) {}

  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Cache-Control', 'no-store')
  async home(@Req() { session }: Request): Promise<string> {
    const user = await this.users.find(session.userId);
    const expiries = user && (await this.tokens.expiries(user));
    const providers = this.registry.names.map((name) => ({
      name,
      protocol: this.registry.get(name) instanceof OAuth1App ? 'OAuth 1.0a' : 'OAuth 2.0',
      expiry: expiries?.get(name),
    }));
    return homePage({ providers, user: user?.displayName });
  }
}

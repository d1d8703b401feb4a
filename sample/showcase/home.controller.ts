import { Controller, Get, Header, Redirect, Req } from '@nestjs/common';
import type { Request } from 'express';
import { OAuth1App, OAuthRegistry } from 'nestjs-oauth-client';
import { TV } from './device/tv.js';
import { homePage, type Provider } from './pages/home.page.js';
import './session.js';
import { TokensService } from './tokens/tokens.service.js';
import { UsersService } from './users/users.service.js';

/** The protocols of known providers. For other providers, the class of their app decides: OAuth 1.0a or OAuth 2.0. */
const PROTOCOLS: Record<string, string> = { harbour: 'OpenID Connect' };

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
    const connections = user && (await this.tokens.connections(user));
    const providers = this.registry.names.map((name) => ({ ...this.shown(name), ...connections?.get(name) }));
    return homePage({ providers, user: user?.displayName, claims: session.claims });
  }

  /** Browsers request this path for responses without an icon, such as JSON. */
  @Get('favicon.ico')
  @Redirect('/icon.svg', 301)
  favicon(): void {}

  private shown(name: string): Provider {
    if (name === TV) {
      const protocol = 'OpenID Connect, with a code';
      return { name, title: 'TV', signIn: 'Sign in on a TV', protocol, login: '/device' };
    }
    const title = name.charAt(0).toUpperCase() + name.slice(1);
    const protocol = PROTOCOLS[name] ?? (this.registry.get(name) instanceof OAuth1App ? 'OAuth 1.0a' : 'OAuth 2.0');
    return { name, title, signIn: `Sign in with ${title}`, protocol, login: `/auth/${name}/login` };
  }
}

import { Controller, Get } from '@nestjs/common';
import {
  OAuthAccount,
  OAuthCallback,
  OAuthLogin,
  OAuthToken,
  OAuthUserInfo,
  type OAuth2Token,
  type OAuthClientModuleOptions,
  type ProviderAccount,
  type UserInfo,
} from 'nestjs-oauth-client';
import { clientOf } from '../providers/client-of.js';
import { startScriptedProvider, type ReceivedRequest, type ScriptedProvider } from '../providers/scripted-provider.js';
import type { Page } from '../support/browser.js';
import { testApp, type TestApp } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';

/** What a login returns to the test. */
export interface ProfileLogin {
  token: OAuth2Token;
  userInfo?: UserInfo & { raw?: Record<string, unknown> };
  account?: ProviderAccount;
}

/** Login routes whose callback returns the token, the user and the account. */
@Controller('auth/:provider')
export class ProfileController {
  @Get('login')
  @OAuthLogin({ redirectUri: '/auth/:provider/callback' })
  login(): void {}

  @Get('callback')
  @OAuthCallback()
  callback(
    @OAuthToken() token: OAuth2Token,
    @OAuthUserInfo() userInfo?: UserInfo,
    @OAuthAccount() account?: ProviderAccount,
  ): object {
    return { token, userInfo, account };
  }
}

/** A provider with scripted APIs, and an application whose client `dev` signs users in there. */
export class ProfileSite {
  app?: TestApp;

  constructor(readonly provider: ScriptedProvider) {}

  static async start(): Promise<ProfileSite> {
    const provider = await startScriptedProvider();
    provider.on('POST /token', () => ({ json: { access_token: 'token-of-ada', refresh_token: 'refresh-of-ada' } }));
    return new ProfileSite(provider);
  }

  /** Scripts the token response. */
  issue(fields: object): void {
    this.provider.on('POST /token', () => ({ json: { access_token: 'token-of-ada', ...fields } }));
  }

  /** Scripts an API that responds with JSON. */
  api(path: string, json: unknown, method = 'GET'): void {
    this.provider.on(`${method} /api/${path}`, () => ({ json }));
  }

  /** Returns the URL of an API. */
  url(path: string): string {
    return `${this.provider.url}/api/${path}`;
  }

  async open(settings: object, options: Partial<OAuthClientModuleOptions> = {}): Promise<TestApp> {
    const clients = { dev: clientOf(this.provider, settings) };
    this.app = await testApp({ clients, controllers: [ProfileController], ...options });
    return this.app;
  }

  /** Signs in with a client that has these settings, and returns the page of the callback. */
  async page(settings: object, query?: string): Promise<Page> {
    await this.open(settings);
    return new Visitor(() => this.app).signIn(query);
  }

  /** Signs in with a client that has these settings, and returns the result of the login. */
  async login(settings: object, query?: string): Promise<ProfileLogin> {
    const page = await this.page(settings, query);
    if (page.status !== 200) throw new Error(`the login failed: ${page.status} ${page.text}`);
    return page.json() as ProfileLogin;
  }

  /** Returns the requests to the APIs. */
  get calls(): ReceivedRequest[] {
    return this.provider.requests.filter(({ path }) => path.startsWith('/api/'));
  }

  async close(): Promise<void> {
    await this.app?.close();
    await this.provider.close();
  }
}

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, Module, Query, Redirect, Req, type INestApplication } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';
import type { Request } from 'express';
import session from 'express-session';
import {
  InjectRemoteApp,
  OAuth1App,
  OAuth2App,
  OAuthCallback,
  OAuthClientModule,
  OAuthLogin,
  OAuthRegistry,
  OAuthReturnTo,
  OAuthToken,
  type OAuth1Token,
  type OAuth2Token,
  type SimpleTokenStore,
} from 'nestjs-oauth-client';
import type { StoredToken, UpdateTokenContext } from 'nestjs-oauth-client/stores';
import { startOAuth1Provider, type OAuth1Provider } from '../providers/oauth1-provider.js';
import { startOidcProvider, type OidcProvider } from '../providers/oidc-provider.js';
import { Browser } from '../support/browser.js';

/** A row of the token tables on Authlib's page, with its `to_token()`. */
interface TokenRow {
  name: string;
  user: string;
  toToken(): StoredToken;
}

/** The page's `fetch_token` and `update_token` as an injectable provider. */
@Injectable()
class TokensService implements SimpleTokenStore {
  readonly rows: TokenRow[] = [];

  fetchToken(name: string, { session }: Request): StoredToken | undefined {
    const { user } = session as { user?: string };
    return this.rows.find((row) => row.name === name && row.user === user)?.toToken();
  }

  updateToken(name: string, token: OAuth2Token, { refreshToken }: UpdateTokenContext): void {
    const row = this.rows.find((candidate) => {
      const stored = candidate.toToken() as { refresh_token?: string };
      return candidate.name === name && stored.refresh_token === refreshToken;
    });
    if (row) this.save(name, row.user, token);
  }

  save(name: string, user: string, token: OAuth1Token | OAuth2Token): void {
    const others = this.rows.filter((row) => row.name !== name || row.user !== user);
    const stored =
      'oauthToken' in token
        ? { oauth_token: token.oauthToken, oauth_token_secret: token.oauthTokenSecret }
        : {
            token_type: token.tokenType,
            access_token: token.accessToken,
            refresh_token: token.refreshToken,
            expires_at: token.expiresAt,
          };
    this.rows.splice(0, this.rows.length, ...others, { name, user, toToken: () => stored as StoredToken });
  }
}

@Module({ providers: [TokensService], exports: [TokensService] })
class TokensModule {}

@Controller('auth')
class AuthController {
  constructor(
    private readonly tokens: TokensService,
    @InjectRemoteApp('twitter') private readonly twitter: OAuth1App,
    @InjectRemoteApp('github') private readonly github: OAuth2App,
  ) {}

  @Get('twitter/login')
  @OAuthLogin('twitter', { redirectUri: '/auth/twitter/authorize' })
  login(@Query('next') next?: string): object {
    return { returnTo: next };
  }

  @Get('twitter/authorize')
  @OAuthCallback('twitter')
  @Redirect()
  authorize(@Req() request: Request, @OAuthToken() token: OAuth1Token, @OAuthReturnTo() returnTo: string): object {
    const user = String(token.screen_name);
    this.tokens.save('twitter', user, token);
    Object.assign(request.session, { user });
    return { url: returnTo };
  }

  @Get('twitter/me')
  async me(@Req() request: Request): Promise<unknown> {
    const { data } = await this.twitter.get('me', { request }); // fetchToken finds the token
    return data;
  }

  @Get('github/login')
  @OAuthLogin('github', { redirectUri: '/auth/github/authorize' })
  githubLogin(): void {
    // no additional parameters
  }

  @Get('github/authorize')
  @OAuthCallback('github')
  async githubAuthorize(@Req() request: Request, @OAuthToken() token: OAuth2Token): Promise<unknown> {
    const { data: profile } = await this.github.get<{ name: string }>('me', { token });
    this.tokens.save('github', profile.name, token);
    Object.assign(request.session, { user: profile.name });
    return profile;
  }

  @Get('github/repos')
  async repos(@Req() request: Request): Promise<unknown> {
    return (await this.github.get('me', { request })).data;
  }
}

describe("Authlib's page, line by line", () => {
  let twitter: OAuth1Provider;
  let github: OidcProvider;
  let app: INestApplication;
  let url: string;
  let browser: Browser;

  beforeAll(async () => {
    twitter = await startOAuth1Provider({ consumers: [{ key: 'consumer', secret: 'consumer secret' }] });
    github = await startOidcProvider({
      clients: [
        {
          client_id: 'github-id',
          client_secret: 'github-secret',
          application_type: 'native',
          grant_types: ['authorization_code', 'refresh_token'],
          redirect_uris: ['http://127.0.0.1/auth/github/authorize'],
        },
      ],
    });
    // as on the page, including None
    const AUTHLIB_OAUTH_CLIENTS = {
      twitter: {
        client_id: 'consumer',
        client_secret: 'consumer secret',
        request_token_url: `${twitter.url}/oauth/request_token`,
        request_token_params: null,
        access_token_url: `${twitter.url}/oauth/access_token`,
        access_token_params: null,
        authorize_url: `${twitter.url}/oauth/authorize`,
        api_base_url: `${twitter.url}/api/`,
        client_kwargs: null,
        allow_insecure_http: true, // for the providers of this test
      },
      github: {
        client_id: 'github-id',
        client_secret: 'github-secret',
        access_token_url: `${github.url}/token`,
        access_token_params: null,
        authorize_url: `${github.url}/auth`,
        authorize_params: null,
        api_base_url: `${github.url}/api/`,
        client_kwargs: { scope: 'profile', code_challenge_method: 'S256' },
        allow_insecure_http: true,
      },
    };

    @Module({
      imports: [
        ConfigModule.forRoot({ isGlobal: true, ignoreEnvFile: true, load: [() => ({ AUTHLIB_OAUTH_CLIENTS })] }),
        TokensModule,
        OAuthClientModule.forRootAsync({
          imports: [TokensModule],
          inject: [TokensService],
          useFactory: (tokens: TokensService) => ({ tokenStore: tokens }),
        }),
      ],
      controllers: [AuthController],
    })
    class AppModule {}

    app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
    app.use(session({ secret: 'test', resave: false, saveUninitialized: false }));
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });

  afterAll(async () => {
    await app.close();
    await twitter.close();
    await github.close();
  });

  beforeEach(() => {
    browser = new Browser();
  });

  it('registers the clients from the settings', () => {
    const registry = app.get(OAuthRegistry);
    expect(registry.names).toEqual(['twitter', 'github']);
    expect(registry.get('twitter')).toBeInstanceOf(OAuth1App);
    expect(registry.get('github')).toBeInstanceOf(OAuth2App);
    expect(registry.get('github').clientId).toBe('github-id');
  });

  it('signs in with Twitter, keeps the token, and calls the API with it', async () => {
    const consent = await browser.get(`${url}/auth/twitter/login?next=/auth/twitter/me`);
    expect(consent.url).toMatch(`${twitter.url}/oauth/authorize?oauth_token=`);
    const me = await browser.allow(consent);
    expect(me.url).toBe(`${url}/auth/twitter/me`);
    expect(me.json()).toEqual({ id: '1815', screen_name: 'ada', name: 'Ada Lovelace' });
    const token = app.get(TokensService).rows.find(({ name, user }) => name === 'twitter' && user === 'ada');
    expect(token?.toToken()).toEqual({ oauth_token: expect.any(String), oauth_token_secret: expect.any(String) });
  });

  it('signs in with GitHub, keeps the token, and updates it when it has expired', async () => {
    const page = await browser.allow(await browser.get(`${url}/auth/github/login`), 'grace');
    expect(page.json()).toMatchObject({ name: 'Grace Hopper' });
    const stored = () => {
      const row = app.get(TokensService).rows.find(({ name, user }) => name === 'github' && user === 'Grace Hopper');
      return row?.toToken() as { access_token: string; refresh_token: string; expires_at: number };
    };
    stored().expires_at = 1;
    const before = stored();
    expect((await browser.get(`${url}/auth/github/repos`)).json()).toMatchObject({ name: 'Grace Hopper' });
    expect(stored().access_token).not.toBe(before.access_token);
    expect(stored().refresh_token).not.toBe(before.refresh_token);
  });

  it('responds with 401 if the user is not signed in', async () => {
    const response = await browser.get(`${url}/auth/twitter/me`);
    expect([response.status, response.json()]).toEqual([401, expect.objectContaining({ error: 'missing_token' })]);
  });
});

import { Module, type OnApplicationShutdown } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import type { ClientRegistration } from 'nestjs-oauth-client';
import { startOAuth1Provider, type OAuth1Provider } from '../../test/providers/oauth1-provider.js';
import { startOidcProvider, type OidcProvider } from '../../test/providers/oidc-provider.js';
import { TV } from './device/tv.js';
import { DEVICE_PAGES } from './harbour/device-pages.js';
import { siteClient, tvClient } from './harbour/harbour-clients.js';
import { LOGOUT_PAGES } from './harbour/logout-pages.js';

const CLIENT = { clientId: 'showcase', clientSecret: 'a secret between the showcase and its own providers' };
const TV_CLIENT = { clientId: 'showcase-tv' };

/** Two real providers on separate ports, so that the showcase works without accounts. */
export class EmbeddedProviders implements OnApplicationShutdown {
  private constructor(
    private readonly chirp: OAuth1Provider,
    private readonly harbour: OidcProvider,
  ) {}

  /** @param port the port of the showcase, which Harbour calls for back-channel logout */
  static async start(port?: string): Promise<EmbeddedProviders> {
    const chirp = await startOAuth1Provider({
      consumers: [{ key: CLIENT.clientId, secret: CLIENT.clientSecret, name: 'The showcase' }],
    });
    const harbour = await startOidcProvider({
      clients: [siteClient(CLIENT, port), tvClient(TV_CLIENT.clientId)],
      accessTokenTtl: 300,
      requirePkce: true,
      configuration: {
        features: {
          deviceFlow: { enabled: true, ...DEVICE_PAGES },
          rpInitiatedLogout: { enabled: true, ...LOGOUT_PAGES },
        },
        // the default `fetch` of `oidc-provider` refuses loopback addresses
        fetch: (url, options) => fetch(url, Object.assign({}, options, { dispatcher: undefined })),
      },
    });
    return new EmbeddedProviders(chirp, harbour);
  }

  /** The settings of the clients. */
  get clients(): Record<string, ClientRegistration> {
    const harbour = {
      serverMetadataUrl: `${this.harbour.url}/.well-known/openid-configuration`,
      apiBaseUrl: `${this.harbour.url}/api/`,
      allowInsecureHttp: true, // the provider runs on this machine
    };
    return {
      chirp: {
        ...CLIENT,
        requestTokenUrl: `${this.chirp.url}/oauth/request_token`,
        accessTokenUrl: `${this.chirp.url}/oauth/access_token`,
        authorizeUrl: `${this.chirp.url}/oauth/authorize`,
        apiBaseUrl: `${this.chirp.url}/api/`,
        allowInsecureHttp: true,
      },
      harbour: {
        ...CLIENT,
        ...harbour,
        userInfoFrom: 'userinfo',
        dpopBoundAccessTokens: true,
        clientKwargs: { scope: 'openid profile email', codeChallengeMethod: 'S256' },
      },
      [TV]: { ...TV_CLIENT, ...harbour, clientKwargs: { scope: 'openid profile email' } },
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.chirp.close(), this.harbour.close()]);
  }
}

@Module({
  providers: [
    {
      provide: EmbeddedProviders,
      inject: [ConfigService],
      useFactory: (config: ConfigService) => EmbeddedProviders.start(config.get<string>('PORT')),
    },
  ],
  exports: [EmbeddedProviders],
})
export class EmbeddedProvidersModule {}

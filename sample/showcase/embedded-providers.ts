import { Module, type OnApplicationShutdown } from '@nestjs/common';
import type { ClientSettings } from 'nestjs-oauth-client';
import { startOAuth1Provider, type OAuth1Provider } from '../../test/providers/oauth1-provider.js';
import { startOidcProvider, type OidcProvider } from '../../test/providers/oidc-provider.js';

const CLIENT = { clientId: 'showcase', clientSecret: 'a secret between the showcase and its own providers' };

/** Two real providers on ports of their own, so that the showcase needs no account anywhere. */
export class EmbeddedProviders implements OnApplicationShutdown {
  private constructor(
    private readonly chirp: OAuth1Provider,
    private readonly harbour: OidcProvider,
  ) {}

  static async start(): Promise<EmbeddedProviders> {
    const chirp = await startOAuth1Provider({
      consumers: [{ key: CLIENT.clientId, secret: CLIENT.clientSecret, name: 'The showcase' }],
    });
    const harbour = await startOidcProvider({
      clients: [
        {
          client_id: CLIENT.clientId,
          client_secret: CLIENT.clientSecret,
          client_name: 'The showcase',
          application_type: 'native', // so that its port on this machine may be any
          grant_types: ['authorization_code', 'refresh_token'],
          redirect_uris: ['http://localhost/auth/harbour/callback', 'http://127.0.0.1/auth/harbour/callback'],
        },
      ],
      accessTokenTtl: 300,
      requirePkce: true,
    });
    return new EmbeddedProviders(chirp, harbour);
  }

  /** What a user would write in the settings. */
  get clients(): Record<string, ClientSettings> {
    return {
      chirp: {
        ...CLIENT,
        requestTokenUrl: `${this.chirp.url}/oauth/request_token`,
        accessTokenUrl: `${this.chirp.url}/oauth/access_token`,
        authorizeUrl: `${this.chirp.url}/oauth/authorize`,
        apiBaseUrl: `${this.chirp.url}/api/`,
        allowInsecureHttp: true, // it runs on this machine
      },
      harbour: {
        ...CLIENT,
        serverMetadataUrl: `${this.harbour.url}/.well-known/openid-configuration`,
        apiBaseUrl: `${this.harbour.url}/api/`,
        allowInsecureHttp: true,
        authorizeParams: { prompt: 'login' }, // Harbour remembers its users; so ada can make way for grace
        clientKwargs: { scope: 'openid profile email', codeChallengeMethod: 'S256' },
      },
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.chirp.close(), this.harbour.close()]);
  }
}

@Module({
  providers: [{ provide: EmbeddedProviders, useFactory: () => EmbeddedProviders.start() }],
  exports: [EmbeddedProviders],
})
export class EmbeddedProvidersModule {}

import { ConfigModule } from '@nestjs/config';
import { Test } from '@nestjs/testing';
import { OAuthClientModule, OAuthRegistry } from 'nestjs-oauth-client';

/** What an application gives: its settings in ConfigModule, and the module's options. */
export interface Given {
  /** What a `load` factory of ConfigModule returns. */
  settings?: object;
  /** Options as code gives them; anything at all, where a test is about what is wrong with them. */
  options?: object;
}

/** The registry of an application with a real, global ConfigModule. */
export async function registryWith({ settings = {}, options = {} }: Given): Promise<OAuthRegistry> {
  const module = await Test.createTestingModule({
    imports: [
      ConfigModule.forRoot({ isGlobal: true, ignoreEnvFile: true, load: [() => ({ ...settings })] }),
      OAuthClientModule.forRoot(options),
    ],
  }).compile();
  return module.get(OAuthRegistry);
}

/** Endpoints of a provider that is never called. */
export const ENDPOINTS = {
  authorize_url: 'https://provider.test/authorize',
  access_token_url: 'https://provider.test/token',
};

/** The authorization URL that a client makes, which shows what its settings came to. */
export async function authorizationUrl(registry: OAuthRegistry, name: string): Promise<URL> {
  const { url } = await registry.get(name).createAuthorizationUrl('https://client.test/callback');
  return new URL(url);
}

/** The client identifier that a client sends. */
export async function clientIdOf(registry: OAuthRegistry, name: string): Promise<string | null> {
  return (await authorizationUrl(registry, name)).searchParams.get('client_id');
}

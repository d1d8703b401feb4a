import { ConfigModule } from '@nestjs/config';
import { Test } from '@nestjs/testing';
import { OAuthClientModule, OAuthRegistry } from 'nestjs-oauth-client';

/** The configuration of an application: its settings in ConfigModule, and the module's options. */
export interface Given {
  /** The result of a `load` factory of ConfigModule. */
  settings?: object;
  /** The module's options, valid or invalid. */
  options?: object;
}

/** Returns the registry of an application with a real, global ConfigModule. */
export async function registryWith({ settings = {}, options = {} }: Given): Promise<OAuthRegistry> {
  const module = await Test.createTestingModule({
    imports: [
      ConfigModule.forRoot({ isGlobal: true, ignoreEnvFile: true, load: [() => ({ ...settings })] }),
      OAuthClientModule.forRoot(options),
    ],
  }).compile();
  return module.get(OAuthRegistry);
}

/** The endpoints of a provider that is never called. */
export const ENDPOINTS = {
  authorize_url: 'https://provider.test/authorize',
  access_token_url: 'https://provider.test/token',
};

/** Returns a client's authorization URL, which shows the effective settings. */
export async function authorizationUrl(registry: OAuthRegistry, name: string): Promise<URL> {
  const { url } = await registry.get(name).createAuthorizationUrl('https://client.test/callback');
  return new URL(url);
}

/** Returns the client identifier that a client sends. */
export async function clientIdOf(registry: OAuthRegistry, name: string): Promise<string | null> {
  return (await authorizationUrl(registry, name)).searchParams.get('client_id');
}

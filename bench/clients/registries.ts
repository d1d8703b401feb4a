import { NestFactory } from '@nestjs/core';
import { OAuthClientModule, OAuthRegistry, type OAuthClientModuleOptions } from 'nestjs-oauth-client';
import { manyClients, settingsOf } from './client-settings.js';

/** Returns the registry of an application in which `count` clients are configured. */
export function configuredRegistry(count: number): Promise<OAuthRegistry> {
  return registryOf({ clients: manyClients(count) });
}

/** Returns the registry of an application in which `resolveClient` knows every name. */
export function resolvingRegistry(): Promise<OAuthRegistry> {
  return registryOf({ resolveClient: settingsOf });
}

async function registryOf(options: OAuthClientModuleOptions): Promise<OAuthRegistry> {
  const module = OAuthClientModule.forRoot(options);
  const app = await NestFactory.createApplicationContext(module, { logger: ['error', 'warn'] });
  return app.get(OAuthRegistry);
}

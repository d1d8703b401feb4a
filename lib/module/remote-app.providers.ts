import type { FactoryProvider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { OAuthConfigError } from '../errors/oauth.errors.js';
import { OAuthRegistry } from '../oauth.registry.js';
import type { RemoteApp } from '../remote-app/remote-app.js';
import { classesInjecting, getRemoteAppToken, injectedNames } from './inject-remote-app.decorator.js';

/** Returns a provider for every injected client. Call it when Nest scans the module, after all files are loaded. */
export function remoteAppProviders(): FactoryProvider<RemoteApp | undefined>[] {
  return injectedNames().map((name) => ({
    provide: getRemoteAppToken(name),
    inject: [OAuthRegistry, ModulesContainer],
    useFactory: (registry: OAuthRegistry, modules: ModulesContainer) =>
      registry.has(name) ? registry.get(name) : absent(name, registry, modules),
  }));
}

/**
 * Returns undefined when no class of this application injects the name: another application in this process injects it.
 * @throws {OAuthConfigError} when a class of this application injects the name
 */
function absent(name: string, registry: OAuthRegistry, modules: ModulesContainer): undefined {
  const consumers = consumersOf(name, modules);
  if (consumers.length === 0) return undefined;
  throw new OAuthConfigError([
    `${consumers.join(' and ')} inject${consumers.length === 1 ? 's' : ''} the client "${name}", but no client of that name ` +
      'is configured. Add it to `clients` of OAuthClientModule, or to the settings under the config key. ' +
      `Configured clients: ${registry.knownNames()}`,
  ]);
}

/** Returns the names of the controllers, providers, guards, interceptors, pipes and filters that inject a client. */
function consumersOf(name: string, modules: ModulesContainer): string[] {
  const classes = classesInjecting(name);
  const token = getRemoteAppToken(name);
  const consumers = [...modules.values()]
    .flatMap(({ controllers, providers, injectables }) => [
      ...controllers.values(),
      ...providers.values(),
      ...injectables.values(),
    ])
    .filter(({ metatype, inject }) => inject?.includes(token) === true || isOneOf(metatype, classes));
  return [...new Set(consumers.map((wrapper) => String(wrapper.name)))];
}

function isOneOf(metatype: unknown, classes: ReadonlySet<object>): boolean {
  for (let type = metatype; typeof type === 'function'; type = Object.getPrototypeOf(type) as unknown) {
    if (classes.has(type)) return true;
  }
  return false;
}

import type { FactoryProvider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { OAuthConfigError } from '../errors/oauth.errors.js';
import { OAuthRegistry } from '../oauth.registry.js';
import type { RemoteApp } from '../remote-app/remote-app.js';
import { classesInjecting, getRemoteAppToken, injectedNames } from './inject-remote-app.decorator.js';

/** A provider for every app that code injects. Made when Nest scans the module: every file has been loaded by then. */
export function remoteAppProviders(): FactoryProvider<RemoteApp | undefined>[] {
  return injectedNames().map((name) => ({
    provide: getRemoteAppToken(name),
    inject: [OAuthRegistry, ModulesContainer],
    useFactory: (registry: OAuthRegistry, modules: ModulesContainer) =>
      registry.has(name) ? registry.get(name) : absent(name, registry, modules),
  }));
}

/**
 * Nothing, when nobody in this application injects the name: another application of the process does.
 * @throws {OAuthConfigError} when somebody does
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

/** Controllers, providers, and the guards, interceptors, pipes and filters that routes have. */
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

import { Inject } from '@nestjs/common';

/** The names of injected clients, each with the classes that inject it. The module provides an app for every name. */
const injected = new Map<string, Set<object>>();

/**
 * Returns the injection token of a client's {@link RemoteApp}, for `inject: [...]` and `overrideProvider(...)`. Call it while
 * files are loaded, not after the application has started: `OAuthClientModule` provides the apps for the names that this
 * function has received.
 */
export function getRemoteAppToken(name: string): string {
  if (!injected.has(name)) injected.set(name, new Set());
  return `RemoteApp(${name})`;
}

/**
 * Injects the {@link RemoteApp} of a client, into a constructor or a property.
 *
 * @example
 * constructor(@InjectRemoteApp('twitter') private readonly twitter: OAuth1App) {}
 */
export function InjectRemoteApp(name: string): PropertyDecorator & ParameterDecorator {
  const inject = Inject(getRemoteAppToken(name)) as (target: object, key?: string | symbol, index?: number) => void;
  return (target: object, key: string | symbol | undefined, index?: number) => {
    injected.get(name)?.add(typeof target === 'function' ? target : target.constructor);
    inject(target, key, index);
  };
}

/** Returns every client name that code injects. */
export function injectedNames(): string[] {
  return [...injected.keys()];
}

/** Returns the classes that use `@InjectRemoteApp(name)`. */
export function classesInjecting(name: string): ReadonlySet<object> {
  return injected.get(name) ?? new Set();
}

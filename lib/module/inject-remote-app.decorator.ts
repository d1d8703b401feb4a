import { Inject } from '@nestjs/common';

/** Names that code injects, each with the classes that do; the module provides an app for every one of them. */
const injected = new Map<string, Set<object>>();

/**
 * Returns the injection token of a client's {@link RemoteApp}, for `inject: [...]` and `overrideProvider(...)`. Every name that
 * this function is called with is also remembered: `OAuthClientModule` provides apps for the remembered names, so call it when
 * files are loaded, not after the application has started.
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

/** Every name that is injected anywhere in the program. */
export function injectedNames(): string[] {
  return [...injected.keys()];
}

/** Classes that `@InjectRemoteApp(name)` stands in. */
export function classesInjecting(name: string): ReadonlySet<object> {
  return injected.get(name) ?? new Set();
}

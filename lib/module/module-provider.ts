import { Scope, type InjectionToken, type Type } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { fieldsOf } from '../common/fields-of.js';
import { OAuthConfigError } from '../errors/oauth.errors.js';

/** An option of the module whose value is an object or a provider of Nest. */
export interface ProvidedOption<T extends object> {
  /** The name of the option, for errors. */
  name: string;
  /** An object, or a class or injection token that Nest resolves. */
  value: T | InjectionToken<T>;
  /** The methods of each kind of object that the option accepts. The first method identifies the kind. */
  kinds: readonly [string, ...string[]][];
}

/**
 * Returns the object of an option: its value, a provider of any module, or else an instance of the class.
 * @throws {OAuthConfigError} when no module provides the object, or when the object lacks a method
 */
export async function resolveOption<T extends object>(moduleRef: ModuleRef, option: ProvidedOption<T>): Promise<T> {
  const { name, value, kinds } = option;
  const missing = missingMethod(value, kinds);
  if (missing === undefined) return value as T;
  if (!isInjectionToken(value)) {
    throw new OAuthConfigError([
      `${name}: expected an object with a method ${missing}, a class, or an injection token`,
    ]);
  }
  const found = await find(moduleRef, name, value);
  const missingInFound = missingMethod(found, kinds);
  if (missingInFound === undefined) return found as T;
  throw new OAuthConfigError([`${name}: ${describe(value)} has no method ${missingInFound}`]);
}

async function find(moduleRef: ModuleRef, name: string, token: InjectionToken): Promise<unknown> {
  const scope = scopeOf(moduleRef, token);
  if (scope === Scope.DEFAULT) return moduleRef.get<unknown>(token, { strict: false });
  if (scope !== undefined) {
    throw new OAuthConfigError([
      `${name}: ${describe(token)} must be a singleton, without request-scoped dependencies; its methods are given the request`,
    ]);
  }
  if (typeof token === 'function') return moduleRef.create(token as Type<unknown>);
  throw new OAuthConfigError([`${name}: no module provides ${describe(token)}`]);
}

/** Returns undefined when no module provides the token. */
function scopeOf(moduleRef: ModuleRef, token: InjectionToken): Scope | undefined {
  try {
    return moduleRef.introspect(token as Type<unknown> | string | symbol).scope;
  } catch {
    return undefined;
  }
}

/** Returns the name of a method that the value lacks, or undefined if it has all methods. */
function missingMethod(value: unknown, kinds: ProvidedOption<object>['kinds']): string | undefined {
  const has = (method: string): boolean => typeof fieldsOf(value)[method] === 'function';
  const kind = kinds.find(([first]) => has(first));
  return kind ? kind.find((method) => !has(method)) : kinds.map(([first]) => first).join(' or ');
}

function isInjectionToken(value: unknown): value is InjectionToken {
  return typeof value === 'string' || typeof value === 'symbol' || typeof value === 'function';
}

function describe(token: InjectionToken): string {
  return typeof token === 'function' ? token.name : String(token);
}

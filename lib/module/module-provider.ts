import { Scope, type InjectionToken, type Type } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { OAuthConfigError } from '../errors/oauth.errors.js';

/** An option of the module that Nest may have to resolve. */
export interface ProvidedOption<T extends object> {
  /** Its name, for the errors. */
  name: string;
  /** An object, or a class or injection token of one. */
  value: T | InjectionToken<T>;
  /** Methods of which the object has one. */
  methods: string[];
}

/**
 * The object that an option gives, or names: a provider of whatever module, or else a class that Nest makes.
 * @throws {OAuthConfigError} when there is none such
 */
export async function resolveOption<T extends object>(moduleRef: ModuleRef, option: ProvidedOption<T>): Promise<T> {
  const { name, value, methods } = option;
  const wanted = `method ${methods.join(' or ')}`;
  if (isObjectWith(value, methods)) return value as T;
  if (!isInjectionToken(value)) {
    throw new OAuthConfigError([`${name}: expected an object with a ${wanted}, a class, or an injection token`]);
  }
  const found = await find(moduleRef, name, value);
  if (isObjectWith(found, methods)) return found as T;
  throw new OAuthConfigError([`${name}: ${describe(value)} has no ${wanted}`]);
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

/** Nothing, when no module provides it. */
function scopeOf(moduleRef: ModuleRef, token: InjectionToken): Scope | undefined {
  try {
    return moduleRef.introspect(token as Type<unknown> | string | symbol).scope;
  } catch {
    return undefined;
  }
}

function isObjectWith(value: unknown, methods: string[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return methods.some((method) => typeof (value as Record<string, unknown>)[method] === 'function');
}

function isInjectionToken(value: unknown): value is InjectionToken {
  return typeof value === 'string' || typeof value === 'symbol' || typeof value === 'function';
}

function describe(token: InjectionToken): string {
  return typeof token === 'function' ? token.name : String(token);
}

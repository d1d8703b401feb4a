import { Inject, Optional } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import type { SettingsReader } from '../config/settings-sources.js';

/**
 * Returns the `ConfigService` that is visible in the module of `moduleRef`, or else a new one that reads the environment.
 * Returns undefined when the optional peer dependency `@nestjs/config` is not installed.
 */
export async function findConfigService(moduleRef: ModuleRef): Promise<SettingsReader | undefined> {
  const installed = await import('@nestjs/config').catch(absent);
  if (!installed) return undefined;
  const { ConfigService } = installed;
  class Consumer {
    constructor(readonly config: SettingsReader = new ConfigService()) {}
  }
  Inject(ConfigService)(Consumer, undefined, 0);
  Optional()(Consumer, undefined, 0);
  return (await moduleRef.create(Consumer)).config;
}

/** @throws every other error, such as a missing dependency of `@nestjs/config` */
function absent(error: unknown): undefined {
  const isAbsent =
    error instanceof Error &&
    'code' in error &&
    ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'].includes(String(error.code)) &&
    error.message.includes("'@nestjs/config'");
  if (!isAbsent) throw error;
}

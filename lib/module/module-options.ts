import { escaped } from '../config/escaped-text.js';
import { EXPECTED_TIMEOUT } from '../config/http-options.js';
import { isRecord } from '../config/is-record.js';
import { nearestKey } from '../config/nearest-key.js';
import { LONGEST_TIMER_MS } from '../common/limits.js';
import type { OAuthClientModuleAsyncOptions, OAuthClientModuleOptions } from '../oauth-client.options.js';
import type { RegistryContext } from '../registry/registry-context.js';
import { siteAddress, siteFaults } from './site-options.js';

const FLAGS = ['allowInsecureHttp', 'allowPrivateNetwork', 'blockPrivateNetworks', 'exposeErrors'] as const;

/** All options. Others are refused, because a misspelled security option would have no effect. */
const OPTIONS: Record<keyof OAuthClientModuleOptions, true> = {
  clients: true,
  configKey: true,
  fetchToken: true,
  updateToken: true,
  tokenStore: true,
  userOf: true,
  state: true,
  encryptionKeys: true,
  baseUrl: true,
  allowedHosts: true,
  allowInsecureHttp: true,
  exposeErrors: true,
  http: true,
  blockPrivateNetworks: true,
  resolveClient: true,
  allowPrivateNetwork: true,
  onTokenRevoked: true,
  onTokenUnsaved: true,
  onBackchannelLogout: true,
};
/** All options of `forRootAsync()`. */
const ASYNC_OPTIONS: Record<keyof OAuthClientModuleAsyncOptions, true> = {
  imports: true,
  useFactory: true,
  inject: true,
  useClass: true,
  useExisting: true,
  isGlobal: true,
};
/** Maximum length of an option's name in an error, in characters. */
const MAX_SHOWN = 50;

/** Returns every fault of the options that do not depend on a provider of Nest. */
export function optionFaults(options: OAuthClientModuleOptions): string[] {
  if (!isRecord(options)) return ['the options of OAuthClientModule: expected an object. Return one from `useFactory`'];
  const values: Partial<Record<string, unknown>> = { ...options };
  const { clients, http, resolveClient } = values;
  const faults = unknownOptions(values);
  if (clients !== undefined && !isRecord(clients)) faults.push('clients: expected an object of clients by name');
  faults.push(...siteFaults(values));
  if (resolveClient !== undefined && typeof resolveClient !== 'function') {
    faults.push('resolveClient: expected a function that receives the name of a client and returns its settings');
  }
  if (values.blockPrivateNetworks === true && values.allowPrivateNetwork === true) {
    faults.push('allowPrivateNetwork: contradicts blockPrivateNetworks. Remove one of the two options');
  }
  const flags = FLAGS.filter((flag) => values[flag] !== undefined && typeof values[flag] !== 'boolean');
  return [...faults, ...flags.map((flag) => `${flag}: expected true or false`), ...httpFaults(http)];
}

/** Returns the options that apply to every client. */
export function siteOptions(options: OAuthClientModuleOptions): Omit<RegistryContext, 'tokens' | 'stateStore'> {
  const { http, allowInsecureHttp, blockPrivateNetworks, allowPrivateNetwork, exposeErrors } = options;
  return {
    http,
    ...siteAddress(options),
    allowInsecureHttp,
    blockPrivateNetworks,
    allowPrivateNetwork,
    exposeErrors,
    resolveClient: options.resolveClient?.bind(options),
  };
}

/** Returns every fault of the argument of `forRootAsync()`. The options that its factory returns are checked later. */
export function asyncOptionFaults(options: unknown): string[] {
  if (!isRecord(options)) return ['OAuthClientModule.forRootAsync(): expected an object'];
  return unknownKeys(options, ASYNC_OPTIONS).map((option) => {
    if (Object.hasOwn(OPTIONS, option)) {
      return `${option}: expected in what useFactory, useClass or useExisting returns, not beside it`;
    }
    return unknownOption('OAuthClientModule.forRootAsync()', option, Object.keys(ASYNC_OPTIONS));
  });
}

function unknownOptions(values: Partial<Record<string, unknown>>): string[] {
  return unknownKeys(values, OPTIONS).map((option) => {
    if (option === 'isGlobal')
      return 'isGlobal: expected beside useFactory, useClass or useExisting, not in what it returns';
    return unknownOption('OAuthClientModule', option, Object.keys(OPTIONS));
  });
}

function unknownKeys(values: Partial<Record<string, unknown>>, known: object): string[] {
  return Object.keys(values).filter((option) => !Object.hasOwn(known, option) && values[option] !== undefined);
}

/** Returns the fault of an option that does not exist. */
export function unknownOption(what: string, option: string, known: readonly string[]): string {
  const near = nearestKey(option, known);
  const suggestion = near === undefined ? '' : ` Did you mean ${near}?`;
  return `${escaped(option, MAX_SHOWN)}: ${what} has no such option.${suggestion}`;
}

function httpFaults(http: unknown): string[] {
  if (http === undefined) return [];
  if (!isRecord(http)) return ['http: expected an object of axios defaults'];
  const { timeout } = http;
  if (timeout === undefined || (typeof timeout === 'number' && timeout >= 0 && timeout <= LONGEST_TIMER_MS)) return [];
  return [`http.timeout: ${EXPECTED_TIMEOUT}`];
}

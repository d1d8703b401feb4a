import { ownField } from '../common/own-field.js';
import { OAuthConfigError } from '../errors/oauth.errors.js';
import { brokenJsonAt } from './broken-json.js';
import { shownName, variablePrefix } from './client-name.js';
import { isRecord } from './is-record.js';
import { normalizeKeys, type Settings } from './setting-keys.js';

/** A source of settings, such as `ConfigService`. */
export interface SettingsReader {
  get(key: string): unknown;
}

/** Reads the environment if `@nestjs/config` is not installed. */
const ENVIRONMENT: SettingsReader = { get: (key) => process.env[key] };
const INSTALL = 'to read settings from ConfigModule or a .env file, run "npm install @nestjs/config"';

/** Reads clients' settings from `ConfigService`, which includes the environment, or from the environment only. */
export class SettingsSources {
  readonly #configKey: string;
  readonly #config: SettingsReader;
  readonly #clients: Record<string, unknown>;
  readonly #isInstalled: boolean;

  /**
   * @param config undefined when `@nestjs/config` is not installed
   * @throws {OAuthConfigError} when the value under `configKey` is neither an object nor a JSON string of an object
   */
  constructor(config: SettingsReader | undefined, configKey: string) {
    this.#configKey = configKey;
    this.#config = config ?? ENVIRONMENT;
    this.#isInstalled = config !== undefined;
    this.#clients = readClients(this.#config.get(configKey), configKey);
  }

  /** Returns a fault with advice if it is about a missing credential: the variable that sets the credential. */
  withAdvice(name: string, fault: string): string {
    const missing = ['client_id', 'client_secret'].find((key) => fault.startsWith(`${name}.${key}: missing`));
    if (missing === undefined) return fault;
    const variable = `${variablePrefix(name)}_${missing.toUpperCase()}`;
    const alternative = this.#isInstalled
      ? `or give it in code or under ${this.#configKey}; is the .env file there?`
      : `or give it in code; ${INSTALL}`;
    return `${fault}. Set the variable ${variable}, ${alternative}`;
  }

  /** Returns the advice for an application without clients. */
  get adviceForNone(): string {
    return this.#isInstalled
      ? 'see that ConfigModule is global, or in the imports of forRootAsync()'
      : `give \`clients\` in code; ${INSTALL}`;
  }

  /** Names of the clients under the config key. */
  get names(): string[] {
    return Object.keys(this.#clients);
  }

  /**
   * Returns the settings of one client from three sources in this order: code, the config key, and the flat variables. The first
   * source that has a key takes precedence. With `overwrite`, the last source takes precedence. Keys may be in either case.
   */
  settingsOf(name: string, code: object, overwrite: boolean): object {
    const settings = this.#withStored(name, code, overwrite);
    if (!overwrite && hasCredentials(settings as Settings)) return settings;
    const flat = this.#flatVariables(name);
    const others = normalizeKeys(settings);
    return overwrite ? { ...others, ...flat } : { ...flat, ...others };
  }

  #withStored(name: string, code: object, overwrite: boolean): object {
    const stored = ownField(this.#clients, name);
    if (!isRecord(stored)) return code;
    if (!overwrite && Object.keys(code).length === 0) return stored;
    const [coded, configured] = [normalizeKeys(code), normalizeKeys(stored)];
    return overwrite ? merge(coded, withoutBlank(configured)) : { ...configured, ...coded };
  }

  /** Reads `{NAME}_CLIENT_ID` and `{NAME}_CLIENT_SECRET`, in which characters that are not letters or digits are `_`. */
  #flatVariables(name: string): Settings {
    const prefix = variablePrefix(name);
    return withoutBlank({
      clientId: this.#config.get(`${prefix}_CLIENT_ID`),
      clientSecret: this.#config.get(`${prefix}_CLIENT_SECRET`),
    });
  }
}

function hasCredentials({ clientId, client_id, clientSecret, client_secret }: Settings): boolean {
  return isPresent(clientId ?? client_id) && isPresent(clientSecret ?? client_secret);
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function readClients(value: unknown, configKey: string): Record<string, unknown> {
  const clients = typeof value === 'string' ? parseJson(value, configKey) : (value ?? {});
  if (!isRecord(clients)) {
    throw new OAuthConfigError([`${configKey}: expected an object of clients by name, or a JSON string of one`]);
  }
  const faults = Object.entries(clients)
    .filter(([, client]) => !isRecord(client))
    .map(([name]) => `${configKey}.${shownName(name)}: expected an object of settings`);
  if (faults.length) throw new OAuthConfigError(faults);
  return clients;
}

/** @throws {OAuthConfigError} when the string is not JSON. Reports the position, because the parser's message may quote secrets. */
function parseJson(text: string, configKey: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new OAuthConfigError([
      `${configKey}: expected an object of clients by name, or a JSON string of one. The string is not JSON: it breaks off ` +
        `${brokenJsonAt(text)}. In a .env file, put it on one line, between single quotes`,
    ]);
  }
}

/** Returns the settings without empty values, because an empty variable means that it is not set. */
function withoutBlank(settings: Settings): Settings {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => isPresent(value) && value !== ''));
}

/** Merges settings key by key. The second settings take precedence. Objects (`*Params`, `clientKwargs`) are merged. */
function merge(first: Settings, second: Settings): Settings {
  const merged = Object.entries(second).map(([key, value]) => {
    const present = first[key];
    return [key, isRecord(present) && isRecord(value) ? { ...present, ...value } : value] as const;
  });
  return { ...first, ...Object.fromEntries(merged) };
}

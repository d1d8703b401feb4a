import { OAuthConfigError } from '../errors/oauth.errors.js';
import { brokenJsonAt } from './broken-json.js';
import { shownName, variablePrefix } from './client-name.js';
import { isRecord } from './is-record.js';
import { normalizeKeys, type Settings } from './setting-keys.js';

/** What settings are read with: the `get()` of `ConfigService`. */
export interface SettingsReader {
  get(key: string): unknown;
}

/** Reads the environment, where `@nestjs/config` is not installed. */
const ENVIRONMENT: SettingsReader = { get: (key) => process.env[key] };
const INSTALL = 'to read settings from ConfigModule or a .env file, run "npm install @nestjs/config"';

/** Where settings are read from: `ConfigService`, and with it the environment; or the environment alone. */
export class SettingsSources {
  readonly #configKey: string;
  readonly #config: SettingsReader;
  readonly #clients: Record<string, unknown>;
  readonly #isInstalled: boolean;

  /**
   * @param config undefined when `@nestjs/config` is not installed
   * @throws {OAuthConfigError} when what is under `configKey` is not an object, nor a JSON string of one
   */
  constructor(config: SettingsReader | undefined, configKey: string) {
    this.#configKey = configKey;
    this.#config = config ?? ENVIRONMENT;
    this.#isInstalled = config !== undefined;
    this.#clients = readClients(this.#config.get(configKey), configKey);
  }

  /** Adds to the fault of a missing credential the variable that it is also read from. */
  withAdvice(name: string, fault: string): string {
    const missing = ['client_id', 'client_secret'].find((key) => fault.startsWith(`${name}.${key}: missing`));
    if (missing === undefined) return fault;
    const variable = `${variablePrefix(name)}_${missing.toUpperCase()}`;
    const elsewhere = this.#isInstalled
      ? `or give it in code or under ${this.#configKey}; is the .env file there?`
      : `or give it in code; ${INSTALL}`;
    return `${fault}. Set the variable ${variable}, ${elsewhere}`;
  }

  /** What to do when no client is configured. */
  get adviceForNone(): string {
    return this.#isInstalled
      ? 'see that ConfigModule is global, or in the imports of forRootAsync()'
      : `give \`clients\` in code; ${INSTALL}`;
  }

  /** Names of the clients that the settings hold. */
  get names(): string[] {
    return Object.keys(this.#clients);
  }

  /**
   * The settings of one client: what code gives, what is under the config key, and the flat variables, in this order.
   * The first that has a key wins; with `overwrite`, the last.
   */
  settingsOf(name: string, code: object | undefined, overwrite: boolean): Settings {
    const own = code ? normalizeKeys(code) : {};
    const stored = Object.hasOwn(this.#clients, name) ? this.#clients[name] : undefined;
    const configured = isRecord(stored) ? normalizeKeys(stored) : {};
    const settings = overwrite ? merge(own, withoutBlank(configured)) : { ...configured, ...own };
    if (overwrite || settings.clientId === undefined || settings.clientSecret === undefined) {
      const flat = this.#flatVariables(name);
      return overwrite ? { ...settings, ...flat } : { ...flat, ...settings };
    }
    return settings;
  }

  /** `{NAME}_CLIENT_ID` and `{NAME}_CLIENT_SECRET`; characters that a variable cannot have are `_`. */
  #flatVariables(name: string): Settings {
    const prefix = variablePrefix(name);
    return withoutBlank({
      clientId: this.#config.get(`${prefix}_CLIENT_ID`),
      clientSecret: this.#config.get(`${prefix}_CLIENT_SECRET`),
    });
  }
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

/** @throws {OAuthConfigError} that says where the string is not JSON; the parser's own message would quote its secrets */
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

/** A variable that is set to nothing says nothing, and overwrites nothing. */
function withoutBlank(settings: Settings): Settings {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined && value !== ''));
}

/** Later wins, key by key; objects (`*Params`, `clientKwargs`) are merged. */
function merge(first: Settings, second: Settings): Settings {
  const merged = Object.entries(second).map(([key, value]) => {
    const present = first[key];
    return [key, isRecord(present) && isRecord(value) ? { ...present, ...value } : value] as const;
  });
  return { ...first, ...Object.fromEntries(merged) };
}

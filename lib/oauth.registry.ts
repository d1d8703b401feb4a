import { setTimeout as sleep } from 'node:timers/promises';
import { checkSettings } from './config/check-settings.js';
import { buildConfig, type OAuth2ClientConfig } from './config/client-config.js';
import type { ClientSettings } from './config/client-settings.js';
import type { RegisterOptions } from './config/register-options.js';
import { shownName, variablePrefix } from './config/client-name.js';
import { ClientNames } from './config/client-names.js';
import { runTimeHttpFaults } from './config/http-options.js';
import { impersonationFaults } from './config/issuer-faults.js';
import { isRecord } from './config/is-record.js';
import { normalizeKeys, type Settings } from './config/setting-keys.js';
import type { SettingsSources } from './config/settings-sources.js';
import { OAuthConfigError, UnusableRegistrationError } from './oauth.errors.js';
import type { ClientMetadata, RegisteredClient } from './oauth2/provider/client-registration.js';
import { appClassFaults, type RemoteAppClass } from './remote-app/app-class.js';
import { OAuth1App } from './remote-app/oauth1-app.js';
import { OAuth2App } from './remote-app/oauth2-app.js';
import type { RemoteAppContext } from './remote-app/remote-app-context.js';
import type { RemoteApp } from './remote-app/remote-app.js';

/** What the module gives to the registry. */
export interface RegistryContext extends RemoteAppContext {
  /** Lets clients with `allowInsecureHttp` use http for hosts other than this machine. @default false */
  readonly allowInsecureHttp?: boolean;
}

/** A client as code configures it at start-up. At run time, `overwrite` is an option of `register()`. */
export type ClientRegistration = ClientSettings &
  Pick<RegisterOptions, 'overwrite'> & {
    appClass?: RemoteAppClass;
  };

interface Entry {
  settings: Settings;
  registeredAtRunTime: boolean;
  appClass?: RemoteAppClass;
}

/** Time that a shutdown waits for tokens to be refreshed and saved. */
const SHUTDOWN_TIMEOUT_MS = 5000;
/** How many names an error lists. */
const NAMES_SHOWN = 20;

/** Every client, by name. A client is built when it is first used. */
export class OAuthRegistry {
  readonly #sources: SettingsSources;
  readonly #context: RegistryContext;
  readonly #entries = new Map<string, Entry>();
  readonly #apps = new Map<string, RemoteApp>();
  readonly #names = new ClientNames();
  /** What clients that were replaced or removed still have under way. */
  readonly #finishing = new Set<Promise<unknown>>();

  /** @internal The module makes the one that you inject. */
  constructor(sources: SettingsSources, context: RegistryContext) {
    this.#sources = sources;
    this.#context = context;
  }

  /** Names of all clients. */
  get names(): string[] {
    return [...this.#entries.keys()];
  }

  /** Names of the clients that this process has used. @internal */
  get usedNames(): string[] {
    return [...this.#apps.keys()];
  }

  /** Whether there is a client of that name. */
  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /**
   * Returns the client of that name.
   * @throws {OAuthConfigError} when there is none; it names those there are
   */
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller knows the client's protocol
  get<App extends RemoteApp = RemoteApp>(name: string): App {
    return (this.#apps.get(name) ?? this.#build(name)) as App;
  }

  /**
   * Adds a client at run time. Only the settings that are passed apply: neither those under the config key nor
   * those of the environment, unless an option asks for them.
   * @throws {OAuthConfigError} with every fault of its settings, and when its name is taken (see `replace`) or shares its
   * variables with the name of another client
   */
  register(name: string, config: ClientRegistration = {}, options: RegisterOptions = {}): void {
    throwFaults(this.#names.faults(name, options.replace));
    throwFaults(runTimeFaults(name, config));
    const { appClass } = config;
    throwFaults(this.#add(name, { settings: this.#runTimeSettings(name, config, options), appClass }));
  }

  /**
   * Removes a client: `get()` throws for it, and routes by `:provider` answer 404. Its refreshes under way are finished. An
   * app that was injected, or got before, goes on working.
   * @returns whether there was a client of that name
   */
  unregister(name: string): boolean {
    if (!this.#entries.delete(name)) return false;
    this.#names.release(name);
    this.#retire(name);
    return true;
  }

  /**
   * Registers a client at its provider (RFC 7591), and adds it under a name with what the provider gave it, by the rules of
   * {@link register}. Nobody else can take the name while the provider answers. The registration is permanent: save the
   * answer, and configure the client with it from then on.
   *
   * @param config the settings of the client, without its `clientId` and `clientSecret`
   * @param metadata what the client says of itself: `redirect_uris`, `client_name`, ...
   * @param initialAccessToken for providers that do not register everybody
   * @throws {OAuthConfigError} with every fault of its settings, and when its name is taken; nothing was registered
   * @throws {UnusableRegistrationError} when the provider registered the client, but the settings cannot be used with its
   * answer, which `registered` has
   * @throws {OAuthError} the provider's refusal, such as `invalid_redirect_uri`
   */
  async registerDynamically(
    name: string,
    config: ClientRegistration,
    metadata: ClientMetadata,
    initialAccessToken?: string,
    options: RegisterOptions = {},
  ): Promise<RegisteredClient> {
    throwFaults(this.#names.faults(name, options.replace));
    throwFaults(runTimeFaults(name, config));
    const { appClass } = config;
    const settings = { ...this.#runTimeSettings(name, config, options), clientId: 'to-be-registered' };
    throwFaults([...this.#faultsOf(name, { settings, appClass }, true), ...dynamicFaults(name, settings)]);
    const origin = { name, registeredAtRunTime: true, allowInsecureHosts: this.#context.allowInsecureHttp };
    const app = new OAuth2App(buildConfig(origin, settings) as OAuth2ClientConfig, this.#context);
    const free = this.#names.reserve(name);
    try {
      const registered = await app.registerClient(metadata, initialAccessToken);
      const completed = { ...settings, ...credentialsOf(registered, settings) };
      const faults = this.#add(name, { settings: completed, appClass });
      if (faults.length > 0) throw new UnusableRegistrationError(faults, registered);
      return registered;
    } finally {
      free();
    }
  }

  /**
   * Adds what is configured at start-up: the clients that code gives, and those that only the settings have.
   * @internal
   * @throws {OAuthConfigError} with every fault of every client
   */
  registerAll(registrations: Iterable<readonly [name: string, registration: ClientRegistration]>): void {
    const faults: string[] = [];
    for (const [name, registration] of registrations) {
      faults.push(...(this.has(name) ? [`${name}: registered twice`] : this.#addConfigured(name, registration)));
    }
    for (const name of this.#sources.names) {
      if (!this.has(name)) faults.push(...this.#addConfigured(name, {}));
    }
    throwFaults(faults);
  }

  /** Refreshes, and tokens that could not be saved, get a last chance. @internal Nest calls it when the application shuts down. */
  async onModuleDestroy(): Promise<void> {
    const settled = Promise.all([...this.#finishing, ...[...this.#apps.values()].map((app) => app.settled())]);
    await Promise.race([settled, sleep(SHUTDOWN_TIMEOUT_MS, undefined, { ref: false })]);
  }

  /** Adds a client that code, or the settings, configure at start-up. */
  #addConfigured(name: string, registration: ClientRegistration): string[] {
    const taken = this.#names.faults(name, false);
    if (taken.length > 0) return taken;
    if (!isRecord(registration)) return [`${name}: expected an object of settings`];
    const { overwrite = false, appClass, ...code }: ClientRegistration = registration;
    const settings = this.#sources.settingsOf(name, { ...appClass?.settings, ...code }, overwrite);
    return this.#add(name, { settings, appClass }, false).map((fault) => this.#withVariable(name, fault));
  }

  /** Adds the variable that a missing setting is read from. */
  #withVariable(name: string, fault: string): string {
    const missing = ['client_id', 'client_secret'].find((key) => fault.startsWith(`${name}.${key}: missing`));
    if (missing === undefined) return fault;
    const variable = `${variablePrefix(name)}_${missing.toUpperCase()}`;
    return `${fault}. Set the variable ${variable}, or give it in code or under ${this.#sources.configKey}; is the .env file there?`;
  }

  #runTimeSettings(
    name: string,
    { appClass, ...config }: ClientRegistration,
    { readSettings = false, overwrite = false }: RegisterOptions,
  ): Settings {
    const code = { ...appClass?.settings, ...config };
    return readSettings || overwrite ? this.#sources.settingsOf(name, code, overwrite) : normalizeKeys(code);
  }

  #add(name: string, client: Omit<Entry, 'registeredAtRunTime'>, registeredAtRunTime = true): string[] {
    const faults = this.#faultsOf(name, client, registeredAtRunTime);
    if (faults.length > 0) return faults;
    this.#retire(name);
    this.#names.take(name);
    this.#entries.set(name, { ...client, registeredAtRunTime });
    return [];
  }

  #faultsOf(
    name: string,
    { settings, appClass }: Omit<Entry, 'registeredAtRunTime'>,
    registeredAtRunTime: boolean,
  ): string[] {
    const rules = { allowInsecureHosts: this.#context.allowInsecureHttp };
    return [
      ...checkSettings(name, settings, rules),
      ...(registeredAtRunTime ? [...impersonationFaults(name, settings), ...runTimeHttpFaults(name, settings)] : []),
      ...appClassFaults(name, settings, appClass),
    ];
  }

  /** @internal The module's option, for errors of routes that belong to no client. */
  get exposeErrors(): boolean | undefined {
    return this.#context.exposeErrors;
  }

  /** Forgets the app of a client, which finishes what it has under way. */
  #retire(name: string): void {
    const app = this.#apps.get(name);
    if (!app) return;
    this.#apps.delete(name);
    const finishing = app.settled();
    const forget = (): boolean => this.#finishing.delete(finishing);
    this.#finishing.add(finishing);
    void finishing.then(forget, forget);
  }

  #build(name: string): RemoteApp {
    const entry = this.#entries.get(name);
    if (!entry) {
      const fault = `there is no client "${shownName(name)}". Configured clients: ${this.knownNames()}`;
      throw new OAuthConfigError([fault]).exposeWhen(this.#context.exposeErrors);
    }
    const { registeredAtRunTime } = entry;
    const origin = { name, registeredAtRunTime, allowInsecureHosts: this.#context.allowInsecureHttp };
    const config = buildConfig(origin, entry.settings);
    const appClass = entry.appClass ?? (config.protocol === 'OAuth 1' ? OAuth1App : OAuth2App);
    const app = new (appClass as new (...args: [typeof config, RemoteAppContext]) => RemoteApp)(config, this.#context);
    this.#apps.set(name, app);
    return app;
  }

  /** The names as an error lists them. @internal */
  knownNames(): string {
    const { names } = this;
    if (names.length === 0) return 'none; see that ConfigModule is global, or in the imports of forRootAsync()';
    const more = names.length - NAMES_SHOWN;
    return names.slice(0, NAMES_SHOWN).join(', ') + (more > 0 ? ` and ${more} more` : '');
  }
}

/** What the provider gave to a client that it registered, as settings. */
function credentialsOf(registered: RegisteredClient, { clientKwargs }: Settings): Settings {
  const { client_id: clientId, client_secret: clientSecret, token_endpoint_auth_method: method } = registered;
  const kwargs = isRecord(clientKwargs) ? clientKwargs : {};
  return { clientId, clientSecret, clientKwargs: { ...(method && { tokenEndpointAuthMethod: method }), ...kwargs } };
}

/** A tenant's settings may be passed on as they are, so what they say of the application's own settings is refused. */
function runTimeFaults(name: string, config: unknown): string[] {
  if (!isRecord(config)) return [`${name}: expected an object of settings`];
  const options = ['overwrite', 'readSettings', 'replace'].filter((option) => Object.hasOwn(config, option));
  return options.map((option) => `${name}.${option}: expected in the options of the call, not among the settings`);
}

function dynamicFaults(name: string, { requestTokenUrl }: Settings): string[] {
  return requestTokenUrl === undefined ? [] : [`${name}.request_token_url: OAuth 1 has no dynamic registration`];
}

function throwFaults(faults: string[]): void {
  if (faults.length > 0) throw new OAuthConfigError(faults);
}

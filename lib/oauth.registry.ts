import { setTimeout as sleep } from 'node:timers/promises';
import { clientConfig, type CheckedClient } from './config/client-config.js';
import type { ClientSettings } from './config/client-settings.js';
import type { Compliance } from './config/compliance-fix.js';
import type { RegisterOptions } from './config/register-options.js';
import { listedNames, shownName } from './config/client-name.js';
import { ClientNames } from './config/client-names.js';
import { isRecord } from './config/is-record.js';
import { readClient, type Faults } from './config/read-client.js';
import { misplacedOptions, withCredentials } from './config/run-time-settings.js';
import { normalizeKeys, protocolOf, type Settings } from './config/setting-keys.js';
import type { SettingsSources } from './config/settings-sources.js';
import { OAuthConfigError, UnusableRegistrationError } from './errors/oauth.errors.js';
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

/** What a client is read from. */
type Source = Pick<Entry, 'appClass'> & { readonly settings: Settings; readonly registeredAtRunTime: boolean };

/** A client that is ready to be built. */
interface Entry {
  readonly client: CheckedClient;
  readonly appClass?: RemoteAppClass;
}

/** Time that a shutdown waits for tokens to be refreshed and saved. */
const SHUTDOWN_TIMEOUT_MS = 5000;

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
    throwFaults(misplacedOptions(name, config));
    throwFaults(this.#add(name, this.#runTimeSource(name, config, options)));
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
    throwFaults(misplacedOptions(name, config));
    const source = this.#runTimeSource(name, config, options);
    const { settings } = source;
    const draft = this.#read(name, { ...source, settings: { ...settings, clientId: 'to-be-registered' } });
    const faults = 'faults' in draft ? [...draft.faults] : [];
    if (protocolOf(settings) === 'OAuth 1')
      faults.push(`${name}.request_token_url: OAuth 1 has no dynamic registration`);
    const checked = 'faults' in draft ? undefined : clientConfig(draft.client);
    if (checked?.protocol !== 'OAuth 2') throw new OAuthConfigError(faults);
    const app = new OAuth2App(checked, this.#context);
    const free = this.#names.reserve(name);
    try {
      const registered = await app.registerClient(metadata, initialAccessToken);
      const completed = { ...source, settings: withCredentials(settings, registered) };
      const unusable = this.#add(name, completed, checked.compliance);
      if (unusable.length > 0) throw new UnusableRegistrationError(unusable, registered);
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
    const faults = this.#add(name, { settings, appClass, registeredAtRunTime: false });
    return faults.map((fault) => this.#sources.withAdvice(name, fault));
  }

  #runTimeSource(
    name: string,
    { appClass, ...config }: ClientRegistration,
    { readSettings = false, overwrite = false }: RegisterOptions,
  ): Source {
    const code = { ...appClass?.settings, ...config };
    const readsSources = readSettings || overwrite;
    const settings = readsSources ? this.#sources.settingsOf(name, code, overwrite) : normalizeKeys(code);
    return { settings, appClass, registeredAtRunTime: true };
  }

  #add(name: string, source: Source, compliance?: Compliance): readonly string[] {
    const entry = this.#read(name, source, compliance);
    if ('faults' in entry) return entry.faults;
    this.#retire(name);
    this.#names.take(name);
    this.#entries.set(name, entry);
    return [];
  }

  #read(name: string, { settings, appClass, registeredAtRunTime }: Source, compliance?: Compliance): Entry | Faults {
    const origin = { name, registeredAtRunTime, allowInsecureHosts: this.#context.allowInsecureHttp ?? false };
    const client = readClient(origin, settings, compliance);
    const wrongClass = appClassFaults(name, settings, appClass);
    if ('faults' in client) return { faults: [...client.faults, ...wrongClass] };
    return wrongClass.length > 0 ? { faults: wrongClass } : { client, appClass };
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
    const config = clientConfig(entry.client);
    const appClass = entry.appClass ?? (config.protocol === 'OAuth 1' ? OAuth1App : OAuth2App);
    const app = new (appClass as new (...args: [typeof config, RemoteAppContext]) => RemoteApp)(config, this.#context);
    this.#apps.set(name, app);
    return app;
  }

  /** The names as an error lists them. @internal */
  knownNames(): string {
    return this.#entries.size > 0 ? listedNames(this.names) : `none; ${this.#sources.adviceForNone}`;
  }
}

function throwFaults(faults: readonly string[]): void {
  if (faults.length > 0) throw new OAuthConfigError(faults);
}

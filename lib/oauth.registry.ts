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
import { withPreset } from './presets/preset-settings.js';
import { OAuth1App } from './remote-app/oauth1-app.js';
import { OAuth2App } from './remote-app/oauth2-app.js';
import type { RemoteAppContext } from './remote-app/remote-app-context.js';
import type { RemoteApp } from './remote-app/remote-app.js';

/** Options and stores of the module that the registry and its apps use. */
export interface RegistryContext extends RemoteAppContext {
  /** Lets clients with `allowInsecureHttp` use http for hosts other than this machine. @default false */
  readonly allowInsecureHttp?: boolean;
}

/** Settings of a client in code. `overwrite` applies at start-up; at run time, it is an option of `register()`. */
export type ClientRegistration = ClientSettings &
  Pick<RegisterOptions, 'overwrite'> & {
    appClass?: RemoteAppClass;
  };

/** The merged settings of a client before they are checked. */
type Source = Pick<Entry, 'appClass'> & { readonly settings: Settings; readonly registeredAtRunTime: boolean };

/** A client whose settings are valid. Its app is built on first use. */
interface Entry {
  readonly client: CheckedClient;
  readonly appClass?: RemoteAppClass;
}

/** How long a shutdown waits for refreshes to finish and for tokens to be saved. */
const SHUTDOWN_TIMEOUT_MS = 5000;

/** Contains every client by name. Builds a client's app on first use. */
export class OAuthRegistry {
  readonly #sources: SettingsSources;
  readonly #context: RegistryContext;
  readonly #entries = new Map<string, Entry>();
  readonly #apps = new Map<string, RemoteApp>();
  readonly #names = new ClientNames();
  /** Pending refreshes and saves of clients that were replaced or removed. */
  readonly #finishing = new Set<Promise<unknown>>();

  /** @internal Inject the registry instead: `OAuthClientModule` creates it. */
  constructor(sources: SettingsSources, context: RegistryContext) {
    this.#sources = sources;
    this.#context = context;
  }

  /** The names of all clients. */
  get names(): string[] {
    return [...this.#entries.keys()];
  }

  /** @internal The names of the clients that this process has used. */
  get usedNames(): string[] {
    return [...this.#apps.keys()];
  }

  /** Returns whether a client with this name exists. */
  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /**
   * Returns the client with this name.
   * @throws {OAuthConfigError} when the client does not exist. The error lists the existing names.
   */
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller knows the client's protocol
  get<App extends RemoteApp = RemoteApp>(name: string): App {
    return (this.#apps.get(name) ?? this.#build(name)) as App;
  }

  /**
   * Adds a client at run time. By default, only the settings that are passed apply. `readSettings` and `overwrite` also apply
   * the settings under the config key and those of the environment.
   * @throws {OAuthConfigError} with every fault of the settings, or when the name is taken (see `replace`), or when the client
   * would use the same environment variables as another client
   */
  register(name: string, config: ClientRegistration = {}, options: RegisterOptions = {}): void {
    throwFaults(this.#names.faults(name, options.replace));
    throwFaults(misplacedOptions(name, config));
    throwFaults(this.#add(name, this.#runTimeSource(name, config, options)));
  }

  /**
   * Removes a client: `get()` throws for its name, and routes with `:provider` respond with 404. Pending refreshes are
   * finished. An app that was injected or returned by `get()` before continues to work.
   * @returns whether a client with this name existed
   */
  unregister(name: string): boolean {
    if (!this.#entries.delete(name)) return false;
    this.#names.release(name);
    this.#retire(name);
    return true;
  }

  /**
   * Registers a client at its provider (RFC 7591), and adds it with the credentials from the provider's response, as
   * {@link register} does. The name is reserved until the provider responds. The registration is permanent: save the returned
   * credentials, and configure the client with them from then on.
   *
   * @param config the settings of the client, without `clientId` and `clientSecret`
   * @param metadata the client metadata (RFC 7591 §2): `redirect_uris`, `client_name`, ...
   * @param initialAccessToken for providers that require an initial access token (RFC 7591 §3)
   * @throws {OAuthConfigError} with every fault of the settings, or when the name is taken; the client was not registered
   * @throws {UnusableRegistrationError} when the provider registered the client, but the settings do not work with the
   * provider's response, which `registered` contains
   * @throws {OAuthError} when the provider refused the registration, such as with `invalid_redirect_uri`
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
      faults.push(`${name}.request_token_url: OAuth 1 has no dynamic registration. Register the client by hand`);
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
   * @internal Adds all clients that are configured at start-up, in code or in the settings.
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

  /** @internal Waits up to 5 seconds for refreshes and saves. Nest calls it when the application shuts down. */
  async onModuleDestroy(): Promise<void> {
    const settled = Promise.all([...this.#finishing, ...[...this.#apps.values()].map((app) => app.settled())]);
    await Promise.race([settled, sleep(SHUTDOWN_TIMEOUT_MS, undefined, { ref: false })]);
  }

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

  #read(
    name: string,
    { settings: given, appClass, registeredAtRunTime }: Source,
    compliance?: Compliance,
  ): Entry | Faults {
    const applied = withPreset(name, given);
    if ('faults' in applied) return applied;
    const { settings } = applied;
    const origin = { name, registeredAtRunTime, allowInsecureHosts: this.#context.allowInsecureHttp ?? false };
    const client = readClient(origin, settings, compliance);
    const wrongClass = appClassFaults(name, settings, appClass);
    if ('faults' in client) return { faults: [...client.faults, ...wrongClass] };
    return wrongClass.length > 0 ? { faults: wrongClass } : { client, appClass };
  }

  /** @internal The module's `exposeErrors` option, for errors of routes without a client. */
  get exposeErrors(): boolean | undefined {
    return this.#context.exposeErrors;
  }

  /** Removes the app of a client from the registry. The app finishes its pending refreshes and saves. */
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

  /** @internal Returns the names of all clients as an error lists them. */
  knownNames(): string {
    return this.#entries.size > 0 ? listedNames(this.names) : `none; ${this.#sources.adviceForNone}`;
  }
}

function throwFaults(faults: readonly string[]): void {
  if (faults.length > 0) throw new OAuthConfigError(faults);
}

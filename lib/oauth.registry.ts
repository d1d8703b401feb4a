import type { OAuthRequest } from './common/oauth-request.js';
import type { Compliance } from './config/compliance-fix.js';
import type { RegisterOptions } from './config/register-options.js';
import { listedNames, nameFaults, shownName } from './config/client-name.js';
import { ClientNames } from './config/client-names.js';
import { isRecord } from './config/is-record.js';
import type { Faults } from './config/read-client.js';
import { misplacedOptions, withCredentials } from './config/run-time-settings.js';
import { normalizeKeys } from './config/setting-keys.js';
import type { SettingsSources } from './config/settings-sources.js';
import { OAuthConfigError, throwFaults, UnusableRegistrationError } from './errors/oauth.errors.js';
import type { ClientMetadata, RegisteredClient } from './oauth2/provider/client-registration.js';
import { buildApp, type ClientEntry } from './remote-app/app-class.js';
import { withinBoundary } from './remote-app/boundary.js';
import { OAuth2App } from './remote-app/oauth2-app.js';
import type { RemoteApp } from './remote-app/remote-app.js';
import type { ClientRegistration } from './registry/client-registration.js';
import { configuredSource, runTimeSource, type ClientSource } from './registry/client-source.js';
import { draftConfig } from './registry/draft-config.js';
import { readEntry } from './registry/read-entry.js';
import type { RegistryContext } from './registry/registry-context.js';
import { ResolvedClients } from './registry/resolved-clients.js';
import { RetiredApps } from './registry/retired-apps.js';

/** Contains every client by name. Builds a client's app on first use. */
export class OAuthRegistry {
  readonly #sources: SettingsSources;
  readonly #context: RegistryContext;
  readonly #entries = new Map<string, ClientEntry>();
  readonly #apps = new Map<string, RemoteApp>();
  readonly #names = new ClientNames();
  readonly #retired = new RetiredApps();
  readonly #resolved: ResolvedClients;

  /** @internal Inject the registry instead: `OAuthClientModule` creates it. */
  constructor(sources: SettingsSources, context: RegistryContext) {
    this.#sources = sources;
    this.#context = context;
    this.#resolved = new ResolvedClients({
      resolveClient: context.resolveClient,
      build: (name, settings) => this.#buildResolved(name, settings),
      retire: (app) => this.#retired.add(app),
      findAgain: (name) => this.find(name),
    });
  }

  /** The names of all configured and registered clients. */
  get names(): string[] {
    return [...this.#entries.keys()];
  }

  /** @internal The names of the configured and registered clients that this process has used. */
  get usedNames(): string[] {
    return [...this.#apps.keys()];
  }

  /** Returns whether a client with this name is configured or registered. Does not call `resolveClient`. */
  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /**
   * Returns the configured or registered client with this name. For a client of `resolveClient`, use {@link resolve}.
   * @throws {OAuthConfigError} when the client does not exist. The error lists the existing names.
   */
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller knows the client's protocol
  get<App extends RemoteApp = RemoteApp>(name: string): App {
    return (this.#apps.get(name) ?? this.#build(name)) as App;
  }

  /**
   * Returns the client with this name. If it is neither configured nor registered, the module option `resolveClient` is called,
   * and its client is used for five minutes. Call it for every request instead of keeping the app.
   * @param request the request, for a `resolveClient` with the parameter `request`
   * @throws {OAuthConfigError} when the client does not exist, when its settings have faults, or when `resolveClient` fails
   */
  resolve<App extends RemoteApp = RemoteApp>(name: string, request?: OAuthRequest): Promise<App> {
    const cached = this.has(name) ? undefined : this.#resolved.cached(name);
    return (cached ?? this.find(name, request).then((app) => app ?? this.#build(name))) as Promise<App>;
  }

  /** @internal Like {@link resolve}, but returns undefined if the client does not exist. */
  async find(name: string, request?: OAuthRequest): Promise<RemoteApp | undefined> {
    if (this.has(name)) return this.get(name);
    if (nameFaults(name).length > 0 || !this.hasResolver) return undefined;
    const boundary = { name, step: 'resolve_client', exposeErrors: this.exposeErrors, secrets: [] };
    return withinBoundary(boundary, () => this.#resolved.find(name, request));
  }

  /** Makes this process call `resolveClient` again at the client's next use. Returns whether the client was in the cache. */
  forget(name: string): boolean {
    return this.#resolved.forget(name);
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
    const settings = normalizeKeys(source.settings);
    const draft = this.#read(name, { ...source, settings: { ...settings, clientId: 'to-be-registered' } });
    const checked = draftConfig(name, settings, draft);
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
   * @internal Adds all clients that are configured at start-up, in the module, its features, and the settings.
   * @throws {OAuthConfigError} with every fault of every client
   */
  registerAll(configured: readonly Record<string, ClientRegistration>[]): void {
    const faults: string[] = [];
    for (const [name, registration] of configured.flatMap((clients) => Object.entries(clients))) {
      faults.push(...(this.has(name) ? [`${name}: registered twice`] : this.#addConfigured(name, registration)));
    }
    for (const name of this.#sources.names) {
      if (!this.has(name)) faults.push(...this.#addConfigured(name, {}));
    }
    throwFaults(faults);
  }

  /** @internal Waits up to 5 seconds for refreshes and saves. Nest calls it when the application shuts down. */
  async onModuleDestroy(): Promise<void> {
    await this.#retired.settled([...this.#apps.values(), ...this.#resolved.apps]);
  }

  #addConfigured(name: string, registration: ClientRegistration): string[] {
    const taken = this.#names.faults(name, false);
    if (taken.length > 0) return taken;
    if (!isRecord(registration)) return [`${name}: expected an object of settings`];
    const faults = this.#add(name, configuredSource(name, registration, this.#sources));
    return faults.map((fault) => this.#sources.withAdvice(name, fault));
  }

  #runTimeSource(
    name: string,
    registration: ClientRegistration,
    options: RegisterOptions,
    isPublicOnly = this.#context.blockPrivateNetworks,
  ): ClientSource {
    return { ...runTimeSource(name, registration, options, this.#sources), isPublicOnly };
  }

  #add(name: string, source: ClientSource, compliance?: Compliance): readonly string[] {
    const entry = this.#read(name, source, compliance);
    if ('faults' in entry) return entry.faults;
    this.#retire(name);
    this.#names.take(name);
    this.#entries.set(name, entry);
    return [];
  }

  #read(name: string, source: ClientSource, compliance?: Compliance): ClientEntry | Faults {
    return readEntry(name, source, { allowInsecureHosts: this.#context.allowInsecureHttp ?? false }, compliance);
  }

  /** @internal Whether the module has the option `resolveClient`. */
  get hasResolver(): boolean {
    return this.#context.resolveClient !== undefined;
  }

  /** @internal The module's `exposeErrors` option, for errors of routes without a client. */
  get exposeErrors(): boolean | undefined {
    return this.#context.exposeErrors;
  }

  /** Removes the app of a client from the registry. The app finishes its pending refreshes and saves. */
  #retire(name: string): void {
    this.#resolved.forget(name);
    const app = this.#apps.get(name);
    if (app && this.#apps.delete(name)) this.#retired.add(app);
  }

  #build(name: string): RemoteApp {
    const entry = this.#entries.get(name);
    if (!entry) {
      const fault = `there is no client "${shownName(name)}". Configured clients: ${this.knownNames()}`;
      throw new OAuthConfigError([fault]).exposeWhen(this.exposeErrors);
    }
    const app = buildApp(entry, this.#context);
    this.#apps.set(name, app);
    return app;
  }

  /** Builds a client with the settings of a tenant: it never reads the application's settings. */
  #buildResolved(name: string, settings: ClientRegistration): RemoteApp {
    const entry = this.#read(name, this.#runTimeSource(name, settings, {}, !this.#context.allowPrivateNetwork));
    if ('faults' in entry) throw new OAuthConfigError(entry.faults);
    return buildApp(entry, this.#context);
  }

  /** @internal Returns the names of all clients as an error lists them. */
  knownNames(): string {
    return this.#entries.size > 0 ? listedNames(this.names) : `none; ${this.#sources.adviceForNone}`;
  }
}

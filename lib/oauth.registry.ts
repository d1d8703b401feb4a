import { setTimeout as sleep } from 'node:timers/promises';
import { checkSettings } from './config/check-settings.js';
import { buildConfig, type OAuth2ClientConfig } from './config/client-config.js';
import type { ClientSettings, RegisterOptions } from './config/client-settings.js';
import { runTimeFaults } from './config/issuer-faults.js';
import { isRecord, type Settings } from './config/setting-keys.js';
import type { SettingsSources } from './config/settings-sources.js';
import { OAuthConfigError } from './oauth.errors.js';
import type { ClientMetadata, RegisteredClient } from './oauth2/client/client-registration.js';
import { OAuth1App } from './remote-app/oauth1-app.js';
import { OAuth2App } from './remote-app/oauth2-app.js';
import type { RemoteApp, RemoteAppContext } from './remote-app/remote-app.js';

/** A class of one's own for a client, with the settings that come with it. */
export type RemoteAppClass = (typeof OAuth1App | typeof OAuth2App) & { readonly settings?: ClientSettings };

/** A client as code registers it. */
export type ClientRegistration = ClientSettings & RegisterOptions & { appClass?: RemoteAppClass };

interface Entry {
  settings: Settings;
  registeredAtRunTime: boolean;
  appClass?: RemoteAppClass;
}

/** Milliseconds that a shutdown waits for tokens to be refreshed and saved. */
const LAST_CHANCE = 5000;
/** How many names an error lists. */
const NAMES_SHOWN = 20;

/** Every client, by name. A client is built when it is first used. */
export class OAuthRegistry {
  readonly #sources: SettingsSources;
  readonly #context: RemoteAppContext;
  readonly #entries = new Map<string, Entry>();
  readonly #apps = new Map<string, RemoteApp>();

  /** @internal The module makes the one that you inject. */
  constructor(sources: SettingsSources, context: RemoteAppContext) {
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
   * The client of that name.
   * @throws {OAuthConfigError} when there is none; it names those there are
   */
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller knows the client's protocol
  get<App extends RemoteApp = RemoteApp>(name: string): App {
    return (this.#apps.get(name) ?? this.#build(name)) as App;
  }

  /**
   * Adds a client at run time, or replaces the one of that name; settings under the config key are put together with it.
   * @throws {OAuthConfigError} with every fault of its settings
   */
  register(name: string, config: ClientRegistration = {}, options: RegisterOptions = {}): void {
    const faults = this.#add(name, config, options);
    if (faults.length) throw new OAuthConfigError(faults);
  }

  /**
   * Registers a client at its provider (RFC 7591), and adds it under a name with what the provider gave it. A registration
   * is for good: save the answer, and configure the client with it from then on.
   *
   * @param config the settings of the client, without its `clientId` and `clientSecret`
   * @param metadata what the client says of itself: `redirect_uris`, `client_name`, ...
   * @param initialAccessToken for providers that do not register everybody
   * @throws {OAuthConfigError} with every fault of its settings
   * @throws {OAuthError} the provider's refusal, such as `invalid_redirect_uri`
   */
  async registerDynamically(
    name: string,
    config: ClientRegistration,
    metadata: ClientMetadata,
    initialAccessToken?: string,
  ): Promise<RegisteredClient> {
    const settings = this.#sources.settingsOf(name, { ...config, clientId: 'to-be-registered' }, false);
    const faults = [...checkSettings(name, settings), ...runTimeFaults(name, settings)];
    if (faults.length) throw new OAuthConfigError(faults);
    const app = new OAuth2App(
      buildConfig({ name, registeredAtRunTime: true }, settings) as OAuth2ClientConfig,
      this.#context,
    );
    const registered = await app.registerClient(metadata, initialAccessToken);
    this.register(name, { ...config, ...credentialsOf(registered, settings) });
    return registered;
  }

  /**
   * Adds what is configured at start-up: the clients that code gives, and those that only the settings have.
   * @internal
   * @throws {OAuthConfigError} with every fault of every client
   */
  registerAll(registrations: Iterable<readonly [name: string, registration: ClientRegistration]>): void {
    const faults: string[] = [];
    for (const [name, registration] of registrations) {
      faults.push(...(this.has(name) ? [`${name}: registered twice`] : this.#add(name, registration)));
    }
    for (const name of this.#sources.names) {
      if (!this.has(name)) faults.push(...this.#add(name, {}));
    }
    if (faults.length) throw new OAuthConfigError(faults);
  }

  /** Refreshes, and tokens that could not be saved, get a last chance. @internal Nest calls it when the application shuts down. */
  async onModuleDestroy(): Promise<void> {
    const settled = Promise.all([...this.#apps.values()].map((app) => app.settled()));
    await Promise.race([settled, sleep(LAST_CHANCE, undefined, { ref: false })]);
  }

  #add(name: string, registration: ClientRegistration, options?: RegisterOptions): string[] {
    if (!isRecord(registration)) return [`${name}: expected an object of settings`];
    const { overwrite = false, appClass, ...code }: ClientRegistration = { ...registration, ...options };
    const settings = this.#sources.settingsOf(name, { ...appClass?.settings, ...code }, overwrite);
    const faults = [...checkSettings(name, settings), ...appClassFaults(name, settings, appClass)];
    if (options !== undefined) faults.push(...runTimeFaults(name, settings));
    if (faults.length === 0) {
      this.#entries.set(name, { settings, appClass, registeredAtRunTime: options !== undefined });
      this.#apps.delete(name);
    }
    return faults;
  }

  #build(name: string): RemoteApp {
    const entry = this.#entries.get(name);
    if (!entry) throw new OAuthConfigError([`there is no client "${name}"; there are: ${this.knownNames()}`]);
    const config = buildConfig({ name, registeredAtRunTime: entry.registeredAtRunTime }, entry.settings);
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

/** An app of one protocol cannot be made from the settings of the other. */
function appClassFaults(name: string, { requestTokenUrl }: Settings, appClass: unknown): string[] {
  if (appClass === undefined || appClass === null) return [];
  const base = requestTokenUrl === undefined ? OAuth2App : OAuth1App;
  const fits = typeof appClass === 'function' && (appClass === base || appClass.prototype instanceof base);
  return fits ? [] : [`${name}.appClass: expected a class that extends ${base.name}`];
}

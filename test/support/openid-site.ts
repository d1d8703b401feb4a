import type { AdapterFactory, ClientMetadata, KoaContextWithOIDC } from 'oidc-provider';
import type { OAuth2App, OAuth2Token, OAuthLoginParams, OAuthRegistry, UserInfo } from 'nestjs-oauth-client';
import type { OAuth2ClientSettings } from 'nestjs-oauth-client/protocol';
import { memoryAdapter } from '../providers/oidc-memory-adapter.js';
import { startOidcProvider, type OidcProvider, type OidcProviderOptions } from '../providers/oidc-provider.js';
import { Browser, type Page } from './browser.js';
import { testApp, type TestApp, type TestAppOptions } from './test-app.js';

/** A client's metadata at the provider and its settings in the app, merged over the defaults of all clients. */
export interface SiteClient {
  metadata?: Partial<ClientMetadata>;
  settings?: OAuth2ClientSettings;
}

/** An app whose clients are registered after it started. */
type EarlyApp = Pick<TestApp, 'url' | 'registry' | 'close'>;

export interface SiteOptions extends Omit<OidcProviderOptions, 'clients'> {
  /** Clients by name. A function receives the app's URL. */
  clients: Record<string, SiteClient> | ((url: string) => Record<string, SiteClient>);
  /** @default `testApp({ withBaseUrl: true })` */
  app?: EarlyApp;
  module?: Partial<TestAppOptions>;
}

/** A request that the provider received, and its response. */
export interface Seen {
  /** The route name of `oidc-provider`: `authorization`, `token`, `userinfo`, ... */
  route: string;
  /** The query and form parameters as received. */
  sent: Record<string, string | undefined>;
  /** The parameters as the provider understands them, including those of a request object. */
  params: Record<string, unknown>;
  headers: KoaContextWithOIDC['headers'];
  status: number;
  answer: unknown;
}

/** A finished login. */
interface SignedIn {
  /** The authorization URL. */
  authorization: URL;
  /** The response of the callback. */
  page: Page;
  token: OAuth2Token;
  userInfo?: UserInfo;
}

/** A browser in the middle of a login. */
interface Visit {
  browser: Browser;
  /** The authorization URL. */
  authorization: URL;
  page: Page;
}

interface SignInOptions {
  /** Login parameters as query parameters. */
  query?: Record<string, string>;
  /** Login parameters as `@OAuthLogin()` takes them. */
  wishes?: OAuthLoginParams;
  browser?: Browser;
  user?: string;
}

/** A provider and an app that has several clients of it. */
export interface Site {
  url: string;
  registry: OAuthRegistry;
  /** The provider. `restart()` replaces it. */
  oidc: OidcProvider;
  /** All requests that the provider received, in order. */
  seen: Seen[];
  /** The requests that one of the provider's endpoints received. */
  seenAt(route: string): Seen[];
  client(name: string): OAuth2App;
  /** Begins a login and returns the provider's login page. */
  begin(name: string, options?: SignInOptions): Promise<Visit>;
  /** Signs a user in, and returns the response of the callback, or the form that would be posted to it. */
  authorize(name: string, options?: SignInOptions): Promise<Visit>;
  /** Signs a user in, and throws unless the callback succeeds. */
  signIn(name: string, options?: SignInOptions): Promise<SignedIn>;
  /** Closes the provider, and starts another at the same address. It keeps only the clients. */
  restart(configuration?: OidcProviderOptions['configuration']): Promise<void>;
  close(): Promise<void>;
}

const SECRET = 'a secret of more than thirty-two bytes';

/** Starts the app, then the provider with the app's callback URLs, and then registers the clients with the app. */
export async function startSite(options: SiteOptions): Promise<Site> {
  const { clients: given, app: own, module, configuration, ...provider } = options;
  const app = own ?? (await testApp({ withBaseUrl: true, ...module, clients: {} }));
  const clients = typeof given === 'function' ? given(app.url) : given;
  const named = Object.entries(clients);
  const seen: Seen[] = [];
  const registered = named.map(([name, { metadata }]) => registration(name, app.url, metadata));
  const start = (port?: number, changed = configuration): Promise<OidcProvider> =>
    startOidcProvider({
      ...provider,
      port,
      clients: [],
      configuration: { adapter: adapterWith(registered), ...changed },
      onAnswer: (context) => {
        options.onAnswer?.(context);
        seen.push(noted(context));
      },
    });
  const oidc = await start();
  for (const [name, client] of named) app.registry.register(name, settingsOf(name, oidc.url, client));
  const begin: Site['begin'] = (name, options) => beginLogin(`${app.url}/auth/${name}/login`, options);
  const authorize: Site['authorize'] = async (name, options) => {
    const { browser, authorization, page } = await begin(name, options);
    const isAsked = page.text.includes('action="/interaction/'); // not if the user is already signed in there
    return { browser, authorization, page: isAsked ? await browser.allow(page, options?.user) : page };
  };
  const site: Site = {
    url: app.url,
    registry: app.registry,
    oidc,
    seen,
    seenAt: (route) => seen.filter((request) => request.route === route),
    client: (name) => app.registry.get<OAuth2App>(name),
    begin,
    authorize,
    signIn: async (name, options) => {
      const { browser, authorization, page } = await authorize(name, options);
      const end = page.text.includes('Submitting Callback') ? await browser.submit(page) : page;
      if (end.status >= 300) throw new Error(`the callback of "${name}" answered ${end.status}: ${end.text}`);
      return { authorization, page: end, ...(end.json() as Pick<SignedIn, 'token' | 'userInfo'>) };
    },
    restart: async (changed) => {
      await site.oidc.close();
      site.oidc = await start(Number(new URL(oidc.url).port), changed);
    },
    close: async () => {
      await app.close();
      await site.oidc.close();
    },
  };
  return site;
}

function registration(name: string, url: string, metadata: Partial<ClientMetadata> = {}): ClientMetadata {
  const { token_endpoint_auth_method: method } = metadata;
  return {
    client_id: name,
    ...(needsSecret(method) && { client_secret: SECRET }),
    application_type: 'native', // allows redirect URIs with HTTP on loopback addresses
    grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: [`${url}/auth/${name}/callback`],
    ...metadata,
  };
}

/**
 * Saves the clients in the adapter, like registered clients. Clients in the configuration would be copied with
 * `structuredClone`, which belongs to another realm in Jest: the provider would not accept their keys as plain objects.
 */
function adapterWith(clients: ClientMetadata[]): AdapterFactory {
  const make = memoryAdapter();
  return (model) => {
    const store = make(model);
    if (model === 'Client') for (const client of clients) void store.upsert(client.client_id, client, Infinity);
    return store;
  };
}

/** Returns the settings of a site's client. */
export function settingsOf(
  name: string,
  issuer: string,
  { metadata = {}, settings }: SiteClient,
): OAuth2ClientSettings {
  const { token_endpoint_auth_method: tokenEndpointAuthMethod } = metadata;
  return {
    clientId: name,
    ...(needsSecret(tokenEndpointAuthMethod) && { clientSecret: SECRET }),
    allowInsecureHttp: true,
    serverMetadataUrl: `${issuer}/.well-known/openid-configuration`,
    apiBaseUrl: `${issuer}/`,
    ...settings,
    clientKwargs: {
      scope: 'openid profile email',
      ...(tokenEndpointAuthMethod && { tokenEndpointAuthMethod }),
      ...settings?.clientKwargs,
    },
  };
}

function needsSecret(method = 'client_secret_basic'): boolean {
  return method.startsWith('client_secret');
}

function noted(context: KoaContextWithOIDC): Seen {
  const { oidc, query, headers, status, body: answer } = context;
  const sent = { ...query, ...oidc.body } as Seen['sent'];
  return { route: oidc.route, sent, params: { ...oidc.params }, headers, status, answer };
}

async function beginLogin(url: string, options: SignInOptions = {}): Promise<Visit> {
  const { query, wishes, browser = new Browser() } = options;
  const asked = new URLSearchParams({ ...query, ...(wishes && { wishes: JSON.stringify(wishes) }) });
  const begun = await browser.get(`${url}?${asked.toString()}`, { follow: false });
  const location = begun.headers.get('location');
  if (!location) throw new Error(`no login begins at ${url}: ${begun.status} ${begun.text}`);
  return { browser, authorization: new URL(location), page: await browser.get(location) };
}

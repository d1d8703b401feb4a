import type { AdapterFactory, ClientMetadata, KoaContextWithOIDC } from 'oidc-provider';
import type { OAuth2App, OAuth2Token, OAuthLoginParams, OAuthRegistry, UserInfo } from 'nestjs-oauth-client';
import type { OAuth2ClientSettings } from 'nestjs-oauth-client/protocol';
import { memoryAdapter } from '../providers/oidc-memory-adapter.js';
import { startOidcProvider, type OidcProvider, type OidcProviderOptions } from '../providers/oidc-provider.js';
import { Browser, type Page } from './browser.js';
import { startLoginApp, type LoginAppOptions } from './login-app.js';
import { allow } from './sign-in.js';

/** A client as the provider knows it, and as the app does; each beyond what all clients of a site have. */
export interface SiteClient {
  metadata?: Partial<ClientMetadata>;
  settings?: OAuth2ClientSettings;
}

/** An app that is there before its clients are. */
export interface SiteApp {
  url: string;
  registry: OAuthRegistry;
  close(): Promise<void>;
}

export interface SiteOptions extends Omit<OidcProviderOptions, 'clients'> {
  /** Clients by name; a function is told the app's own address. */
  clients: Record<string, SiteClient> | ((url: string) => Record<string, SiteClient>);
  /** @default one of `startLoginApp()` */
  app?: SiteApp;
  module?: Partial<LoginAppOptions>;
}

/** A request that reached the provider, and its answer. */
export interface Seen {
  /** Of `oidc-provider`: `authorization`, `token`, `userinfo`, ... */
  route: string;
  /** Query and form, as they came. */
  sent: Record<string, string | undefined>;
  /** What the provider made of them, a request object opened. */
  params: Record<string, unknown>;
  headers: KoaContextWithOIDC['headers'];
  status: number;
  answer: unknown;
}

/** A login that is done. */
interface SignedIn {
  /** Where the browser was sent. */
  authorization: URL;
  /** The callback. */
  page: Page;
  token: OAuth2Token;
  userInfo?: UserInfo;
}

/** Where a browser is on its way. */
interface Visit {
  browser: Browser;
  /** Where the login sent it. */
  authorization: URL;
  page: Page;
}

interface SignInOptions {
  /** What the login asks for, by its query. */
  query?: Record<string, string>;
  /** The same in the words of `@OAuthLogin()`; for an app of `startOpenIdApp()`. */
  wishes?: OAuthLoginParams;
  browser?: Browser;
  user?: string;
}

/** A provider, and a whole app that is its client under several names. */
export interface Site {
  url: string;
  registry: OAuthRegistry;
  /** The provider, until it is restarted. */
  oidc: OidcProvider;
  /** Everything that reached the provider, in its order. */
  seen: Seen[];
  /** What reached one of the provider's endpoints. */
  seenAt(route: string): Seen[];
  client(name: string): OAuth2App;
  /** Follows a login up to the provider's own page. */
  begin(name: string, options?: SignInOptions): Promise<Visit>;
  /** Signs a user in, up to the callback, or to the form that is to be posted there. */
  authorize(name: string, options?: SignInOptions): Promise<Visit>;
  /** Signs a user in, and fails unless the callback succeeds. */
  signIn(name: string, options?: SignInOptions): Promise<SignedIn>;
  /** Closes the provider, if it still runs, and starts another at the same address, which has its clients and nothing else of it. */
  restart(configuration?: OidcProviderOptions['configuration']): Promise<void>;
  close(): Promise<void>;
}

const SECRET = 'a secret of more than thirty-two bytes';

/** The app comes first, so that its address can be registered at the provider; its clients come when both are there. */
export async function startSite(options: SiteOptions): Promise<Site> {
  const { clients: given, app: own, module, configuration, ...provider } = options;
  const app = own ?? (await startLoginApp({ withBaseUrl: true, ...module, clients: {} }));
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
    const isAsked = page.text.includes('action="/interaction/'); // unless the provider knows the browser
    return { browser, authorization, page: isAsked ? await allow(browser, page, options?.user) : page };
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
      const end = page.text.includes('Submitting Callback') ? await submitForm(browser, page) : page;
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
    application_type: 'native', // may come back to an address without TLS, on this machine
    grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: [`${url}/auth/${name}/callback`],
    ...metadata,
  };
}

/**
 * Keeps the clients where the registered ones are. Those of the configuration are copied by `structuredClone`, which Jest
 * takes from another realm: the provider would not know their keys for plain objects.
 */
function adapterWith(clients: ClientMetadata[]): AdapterFactory {
  const make = memoryAdapter();
  return (model) => {
    const store = make(model);
    if (model === 'Client') for (const client of clients) void store.upsert(client.client_id, client, Infinity);
    return store;
  };
}

/** The settings of a site's client. */
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

/** Submits the form of a page, as its user or its script would. */
export function submitForm(browser: Browser, { text, url }: Page, fields: Record<string, string> = {}): Promise<Page> {
  const [, action] = /<form[^>]* method="post" action="([^"]+)"/.exec(text) ?? [];
  if (action === undefined) throw new Error(`no form at ${url}: ${text.slice(0, 500)}`);
  const hidden = [...text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)];
  const carried = Object.fromEntries(hidden.map(([, name, value]) => [name, value]));
  return browser.post(new URL(action, url).href, { ...carried, ...fields });
}

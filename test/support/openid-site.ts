import type { ClientMetadata, KoaContextWithOIDC } from 'oidc-provider';
import type { OAuth2App, OAuth2ClientSettings, OAuth2Token, OAuthRegistry, UserInfo } from 'nestjs-oauth-client';
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
export interface SignedIn {
  /** Where the browser was sent. */
  authorization: URL;
  /** The callback. */
  page: Page;
  token: OAuth2Token;
  userInfo?: UserInfo;
}

export interface SignInOptions {
  /** What the login asks for, by its query. */
  query?: Record<string, string>;
  browser?: Browser;
  user?: string;
}

/** A provider, and a whole app that is its client under several names. */
export interface Site {
  url: string;
  registry: OAuthRegistry;
  oidc: OidcProvider;
  /** Everything that reached the provider, in its order. */
  seen: Seen[];
  /** What reached one of the provider's endpoints. */
  seenAt(route: string): Seen[];
  client(name: string): OAuth2App;
  /** Follows a login up to the provider's own page. */
  begin(name: string, options?: SignInOptions): Promise<{ authorization: URL; page: Page }>;
  /** Signs a user in, and fails unless the callback succeeds. */
  signIn(name: string, options?: SignInOptions): Promise<SignedIn>;
  close(): Promise<void>;
}

const SECRET = 'a secret of more than thirty-two bytes';

/** The app comes first, so that its address can be registered at the provider; its clients come when both are there. */
export async function startSite({ clients: given, app: own, module, ...provider }: SiteOptions): Promise<Site> {
  const app = own ?? (await startLoginApp({ ...module, clients: {} }));
  const clients = typeof given === 'function' ? given(app.url) : given;
  const named = Object.entries(clients);
  const oidc = await startOidcProvider({
    ...provider,
    clients: named.map(([name, { metadata }]) => registration(name, app.url, metadata)),
  });
  for (const [name, client] of named) app.registry.register(name, settingsOf(name, oidc.url, client));
  const seen = watch(oidc);
  const begin: Site['begin'] = (name, options) => beginLogin(`${app.url}/auth/${name}/login`, options);
  return {
    url: app.url,
    registry: app.registry,
    oidc,
    seen,
    seenAt: (route) => seen.filter((request) => request.route === route),
    client: (name) => app.registry.get<OAuth2App>(name),
    begin,
    signIn: async (name, { browser = new Browser(), ...options } = {}) => {
      const { authorization, page } = await begin(name, { browser, ...options });
      const end = await goOn(browser, page, options.user);
      if (end.status >= 300) throw new Error(`the callback of "${name}" answered ${end.status}: ${end.text}`);
      return { authorization, page: end, ...(end.json() as Pick<SignedIn, 'token' | 'userInfo'>) };
    },
    close: async () => {
      await app.close();
      await oidc.close();
    },
  };
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

/** The settings of a site's client. */
export function settingsOf(name: string, issuer: string, { metadata = {}, settings }: SiteClient): OAuth2ClientSettings {
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

/** Writes down what reaches a provider. */
function watch({ provider }: OidcProvider): Seen[] {
  const seen: Seen[] = [];
  provider.use(async (context, next) => {
    await next();
    const { oidc } = context as KoaContextWithOIDC;
    // of the routes that are not the provider's own, there is nothing to tell
    if (!(oidc as typeof oidc | undefined)) return;
    seen.push({
      route: oidc.route,
      sent: { ...context.query, ...oidc.body } as Seen['sent'],
      params: { ...oidc.params },
      headers: context.headers,
      status: context.status,
      answer: context.body,
    });
  });
  return seen;
}

async function beginLogin(
  url: string,
  { query, browser = new Browser() }: SignInOptions = {},
): Promise<{ authorization: URL; page: Page }> {
  const begun = await browser.get(`${url}?${new URLSearchParams(query)}`, { follow: false });
  const location = begun.headers.get('location');
  if (!location) throw new Error(`no login begins at ${url}: ${begun.status} ${begun.text}`);
  return { authorization: new URL(location), page: await browser.get(location) };
}

/** Signs in, unless the provider knows the browser, and posts the answer where it comes as a form. */
async function goOn(browser: Browser, page: Page, user?: string): Promise<Page> {
  const answer = page.text.includes('action="/interaction/') ? await allow(browser, page, user) : page;
  return answer.text.includes('Submitting Callback') ? submitForm(browser, answer) : answer;
}

/** Submits the form of a page, as its user or its script would. */
export function submitForm(browser: Browser, { text, url }: Page, fields: Record<string, string> = {}): Promise<Page> {
  const [, action] = /<form[^>]* method="post" action="([^"]+)"/.exec(text) ?? [];
  if (action === undefined) throw new Error(`no form at ${url}: ${text.slice(0, 500)}`);
  const hidden = [...text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)];
  const carried = Object.fromEntries(hidden.map(([, name, value]) => [name, value]));
  return browser.post(new URL(action, url).href, { ...carried, ...fields });
}

import type { ClientRegistration, OAuthClientModuleOptions } from 'nestjs-oauth-client';
import {
  startConformanceProvider,
  type ConformanceProvider,
  type Deviations,
} from '../providers/conformance-provider.js';
import { Browser, type Page } from '../support/browser.js';
import { startLoginApp, type LoginApp } from '../support/login-app.js';

/** One module of the OpenID Foundation's suite: what the provider does, and how the application is set up. */
export interface Module extends Deviations {
  settings?: object;
  /** Further options of the OAuth module. */
  options?: Partial<OAuthClientModuleOptions>;
  /** What the provider signs with. @default 'RS256' */
  alg?: string;
  /** What the login sends beside its settings. */
  params?: Record<string, string>;
}

/** How a module ended. */
export interface Outcome {
  status: number;
  /** The callback's JSON: token and user, or the error. */
  body: {
    token?: Record<string, unknown>;
    userInfo?: Record<string, unknown>;
    error?: string;
    error_description?: string;
  };
  provider: ConformanceProvider;
  app: LoginApp;
  browser: Browser;
}

const running: { close(): Promise<void> }[] = [];

/** Runs a module: a whole login of a whole application, over HTTP, as a browser goes through it. */
export async function run({ settings, options, alg = 'RS256', params = {}, ...deviations }: Module): Promise<Outcome> {
  const provider = await startConformanceProvider(alg, deviations);
  const rp = {
    clientId: 'rp',
    clientSecret: 'a secret',
    issuer: provider.url,
    apiBaseUrl: `${provider.url}/`,
    clientKwargs: { scope: 'openid email' },
    ...settings,
  } as ClientRegistration;
  const app = await startLoginApp({ clients: { rp }, withBaseUrl: true, ...options });
  running.push(app, provider);
  const browser = new Browser();
  const page = await browser.get(`${app.url}/auth/rp/login?${new URLSearchParams(params).toString()}`);
  const end = await postForm(browser, page);
  return { status: end.status, body: end.json() as Outcome['body'], provider, app, browser };
}

/** Stops what the modules of a test have started. */
export async function stopAll(): Promise<void> {
  await Promise.all(running.splice(0).map((server) => server.close()));
}

/** What a browser does with the page of `response_mode=form_post`. */
async function postForm(browser: Browser, page: Page): Promise<Page> {
  const [, action] = /<form method="post" action="([^"]+)"/.exec(page.text) ?? [];
  if (action === undefined) return page;
  const fields = [...page.text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)];
  return browser.post(action, Object.fromEntries(fields.map(([, name, value]) => [name, value])));
}

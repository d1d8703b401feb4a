import type { ClientRegistration, OAuthClientModuleOptions } from 'nestjs-oauth-client';
import {
  startConformanceProvider,
  type ConformanceProvider,
  type Deviations,
} from '../providers/conformance-provider.js';
import { Browser } from '../support/browser.js';
import { testApp, type TestApp } from '../support/test-app.js';

/** A module of the OpenID Foundation's suite: the behavior of the provider, and the settings of the application. */
export interface Module extends Deviations {
  settings?: object;
  /** More options of the OAuth module. */
  options?: Partial<OAuthClientModuleOptions>;
  /** The provider's signature algorithm. @default 'RS256' */
  alg?: string;
  /** Parameters of the login, beside its settings. */
  params?: Record<string, string>;
}

/** The result of a module. */
export interface Outcome {
  status: number;
  /** The JSON of the callback: the token and the user, or the error. */
  body: {
    token?: Record<string, unknown>;
    userInfo?: Record<string, unknown>;
    error?: string;
    error_description?: string;
  };
  provider: ConformanceProvider;
  app: TestApp;
  browser: Browser;
}

const running: { close(): Promise<void> }[] = [];

/** Runs a module: a login of an application over HTTP, with a browser. */
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
  const app = await testApp({ clients: { rp }, withBaseUrl: true, ...options });
  running.push(app, provider);
  const browser = new Browser();
  const page = await browser.get(`${app.url}/auth/rp/login?${new URLSearchParams(params).toString()}`);
  const end = page.text.includes('<form') ? await browser.submit(page) : page;
  return { status: end.status, body: end.json() as Outcome['body'], provider, app, browser };
}

/** Stops the servers that the modules of a test have started. */
export async function stopAll(): Promise<void> {
  await Promise.all(running.splice(0).map((server) => server.close()));
}

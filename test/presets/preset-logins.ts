import { generateKeyPairSync } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { importSPKI, jwtVerify } from 'jose';
import type { ClientRegistration } from 'nestjs-oauth-client';
import type { PresetName } from 'nestjs-oauth-client/presets';
import type { DeadPreset, Preset } from '../../lib/presets/preset.js';
import { testApp, type TestApp } from '../support/test-app.js';
import { Visitor } from '../support/visitor.js';
import { startInternet, type Internet, type Received, type Reply } from './internet.js';
import { OAuth1ProviderOf, type OAuth1Preset } from './oauth1-provider-of.js';
import { OAuth2Provider, type Credentials, type UserAnswers } from './oauth2-provider.js';

const FOLDER = 'lib/presets/data';
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
/** The key that signs client secrets for Apple. */
const SECRET_KEY = { teamId: 'TEAM', keyId: 'KEY', privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) };
export const CLIENT_ID = 'the-client';
export const CLIENT_SECRET = 'the-secret-the-secret-the-secret';

/** A preset of a provider that was not shut down. */
export interface NamedPreset {
  name: string;
  preset: Preset;
}

/** A provider on the Internet. */
export interface PresetProvider {
  /** Receives the redirect to the login page, and returns the parameters of the callback. */
  authorize(location: URL, redirectUri: string): { method: 'GET' | 'POST'; parameters: Record<string, string> };
  answer(request: Received): Reply | undefined | Promise<Reply | undefined>;
}

/** Returns all presets, from their files. */
export function livePresets(): NamedPreset[] {
  return readdirSync(FOLDER).flatMap((file) => {
    const data = JSON.parse(readFileSync(`${FOLDER}/${file}`, 'utf8')) as Preset | DeadPreset;
    return 'dead' in data ? [] : [{ name: file.replace('.json', ''), preset: data }];
  });
}

/** The variables of a preset with their examples. */
export function exampleVariables({ variables = {} }: Preset): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).map(([name, { example }]) => [name, example]));
}

/** A client of a preset, with credentials and variables. */
export function clientOfPreset({ name, preset }: NamedPreset): ClientRegistration {
  const { clientSecretJwt } = preset.settings;
  const secret = clientSecretJwt === undefined ? { clientSecret: CLIENT_SECRET } : { clientSecretJwt: SECRET_KEY };
  return {
    preset: name as PresetName,
    clientId: CLIENT_ID,
    ...secret,
    variables: exampleVariables(preset),
  };
}

/** Returns the settings of a preset with the values of its variables. */
export function filledSettings({ settings }: Preset, variables: Record<string, string>): Record<string, unknown> {
  const text = Object.entries(variables).reduce(
    (filled, [name, value]) => filled.replaceAll(`{${name}}`, value),
    JSON.stringify(settings),
  );
  return JSON.parse(text) as Record<string, unknown>;
}

/** Returns the provider of a preset. */
export function providerOf(settings: Record<string, unknown>, user: UserAnswers): PresetProvider {
  const credentials: Credentials = {
    clientId: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    ...(settings.clientSecretJwt !== undefined && { isSignedSecret: isSignedByClient }),
  };
  return settings.requestTokenUrl === undefined
    ? new OAuth2Provider(settings, credentials, user)
    : new OAuth1ProviderOf(settings as unknown as OAuth1Preset, credentials, user);
}

async function isSignedByClient(secret: string): Promise<boolean> {
  const key = await importSPKI(publicKey.export({ type: 'spki', format: 'pem' }).toString(), 'ES256');
  const { payload, protectedHeader } = await jwtVerify(secret, key, { audience: 'https://appleid.apple.com' });
  return payload.iss === 'TEAM' && payload.sub === CLIENT_ID && protectedHeader.kid === 'KEY';
}

/** An application whose clients are presets, and the Internet that it calls. */
export class PresetApp {
  readonly #app: TestApp;
  readonly #internet: Internet;

  private constructor(app: TestApp, internet: Internet) {
    this.#app = app;
    this.#internet = internet;
  }

  static async start(clients: Record<string, ClientRegistration>): Promise<PresetApp> {
    const internet = await startInternet();
    const app = await testApp({
      clients,
      http: { httpsAgent: internet.agent },
      state: 'cookie',
      encryptionKeys: 'A'.repeat(43) + '=',
    });
    return new PresetApp(app, internet);
  }

  get registry(): TestApp['registry'] {
    return this.#app.registry;
  }

  /** Signs a user in at a provider, and returns what the callback route received: the token and the user info. */
  async signIn(name: string, provider: PresetProvider): Promise<Record<string, unknown>> {
    this.#internet.serve((request) => provider.answer(request));
    const visitor = new Visitor(() => this.#app);
    const { location } = await visitor.login(name);
    const redirectUri = `${this.#app.url}/auth/${name}/callback`;
    const { method, parameters } = provider.authorize(location, redirectUri);
    const page =
      method === 'GET'
        ? await visitor.callback(parameters, name)
        : await visitor.post(redirectUri, parameters, { headers: { 'sec-fetch-site': 'cross-site' } });
    if (page.status !== 200 && page.status !== 201) throw new Error(`${name}: ${page.status} ${page.text}`);
    return page.json() as Record<string, unknown>;
  }

  async close(): Promise<void> {
    await this.#app.close();
    this.#internet.agent.destroy();
    await this.#internet.close();
  }
}

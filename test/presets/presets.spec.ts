import { describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { generateKeyPairSync } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { getPreset, presetNames, type PresetName } from 'nestjs-oauth-client/presets';
import type { DeadPreset, Preset } from '../../lib/presets/preset.js';
import { KNOWN_PRESETS } from '../../lib/config/known-presets.js';
import { registryWith } from '../config/registry-with.js';
import { deadSchema, presetSchema } from './preset-schema.js';

const FOLDER = 'lib/presets/data';
const files = readdirSync(FOLDER).map((file) => ({
  name: file.replace('.json', ''),
  data: JSON.parse(readFileSync(`${FOLDER}/${file}`, 'utf8')) as Preset | DeadPreset,
}));
const alive = files.filter((file): file is { name: string; data: Preset } => !('dead' in file.data));
const dead = files.filter((file): file is { name: string; data: DeadPreset } => 'dead' in file.data);

/** The variables with their examples. */
function exampleVariables({ variables = {} }: Preset): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).map(([name, { example }]) => [name, example]));
}

/** The rules of the variables, or null if the credentials are checked further. */
function rulesOf({ variables = {}, settings }: Preset): object | null {
  if (settings.clientSecretJwt !== undefined || settings.allowSecretSignedIdToken) return null;
  const rules = Object.entries(variables).map(([name, variable]) => {
    const { description: _, example: __, ...rule } = variable;
    return [name, rule];
  });
  return Object.fromEntries(rules) as object;
}

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const APPLE_KEY = { teamId: 'TEAM', keyId: 'KEY', privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) };

/** Credentials and variables for a client of a preset. */
function clientOfPreset(preset: Preset): object {
  const signsSecret = preset.settings.clientSecretJwt !== undefined;
  const secret = signsSecret ? { clientSecretJwt: APPLE_KEY } : { clientSecret: 's'.repeat(40) };
  return { clientId: 'id', ...secret, variables: exampleVariables(preset) };
}

describe('the presets', () => {
  it('are at least 500, in files of one provider each', () => {
    expect(alive.length).toBeGreaterThanOrEqual(500);
    expect(Math.max(...files.map(({ name }) => statSync(`${FOLDER}/${name}.json`).size))).toBeLessThan(4_000);
  });

  it.each(alive.map(({ name, data }): [string, Preset] => [name, data]))('has a valid file: %s', (_, data) => {
    expect(presetSchema.safeParse(data).error).toBeUndefined();
  });

  it.each(dead.map(({ name, data }): [string, DeadPreset] => [name, data]))(
    'says what happened to a dead provider: %s',
    (_, data) => {
      expect(deadSchema.safeParse(data).error).toBeUndefined();
      expect(alive.map(({ name }) => name)).toEqual(expect.arrayContaining(data.use === undefined ? [] : [data.use]));
    },
  );

  it('are listed, with the rules of their variables', () => {
    expect(KNOWN_PRESETS).toEqual(Object.fromEntries(alive.map(({ name, data }) => [name, rulesOf(data)])));
  });

  it('are exported for tools', () => {
    expect(presetNames()).toEqual(alive.map(({ name }) => name).sort());
    expect(getPreset('github')?.title).toBe('GitHub');
    expect(getPreset('googleplus')).toBeUndefined();
    expect(getPreset('../../package')).toBeUndefined();
  });

  it('cannot be changed through the exported data', () => {
    const first = getPreset('github');
    if (first) first.settings.accessTokenUrl = 'https://evil.example';
    expect(getPreset('github')?.settings.accessTokenUrl).toBe('https://github.com/login/oauth/access_token');
  });

  it('all configure a client with nothing but credentials and variables', async () => {
    const clients = alive.map(({ name, data }) => [name, clientOfPreset(data)] as const);
    const registry = await registryWith({ options: { clients: Object.fromEntries(clients) } });
    expect(registry.names).toHaveLength(alive.length);
    for (const { name } of alive) expect(registry.get(name).clientId).toBe('id'); // checks the settings
  });

  it('send every request over https', () => {
    const urls = alive.map(({ name, data }) => ({ name, http: JSON.stringify(data.settings).includes('http://') }));
    expect(urls.filter(({ http }) => http)).toEqual([]);
  });

  it('use every variable, and declare every placeholder of their URLs', () => {
    const faults = alive.flatMap(({ name, data }) => {
      const declared = Object.keys(data.variables ?? {});
      const { profile, ...others } = data.settings;
      const used = (value: unknown): string[] =>
        [...JSON.stringify(value ?? {}).matchAll(/\{([a-z_]+)\}/g)].map(([, variable = '']) => variable);
      const undeclared = used(others).filter(
        (one) => !declared.includes(one) && one !== 'client_id' && one !== 'client_secret',
      );
      const unused = declared.filter((one) => ![...used(others), ...used(profile)].includes(one));
      return [...undeclared, ...unused].map((variable) => `${name}: ${variable}`);
    });
    expect(faults).toEqual([]);
  });

  it('weaken a check only for a provider that offers nothing else, and say so', () => {
    const weak = alive.filter(({ data: { settings } }) => {
      const { allowMissingNonce, allowSecretSignedIdToken, allowIssuerImpersonation, codeChallengeMethod } = settings;
      const { tokenPlacement } = (settings.clientKwargs ?? {}) as { tokenPlacement?: string };
      const isWeak = allowMissingNonce ?? allowSecretSignedIdToken ?? allowIssuerImpersonation ?? codeChallengeMethod;
      return isWeak !== undefined || tokenPlacement === 'uri';
    });
    expect(weak.filter(({ data: { notes } }) => notes === undefined).map(({ name }) => name)).toEqual([]);
    const idTokens = weak.filter(
      ({ data: { settings } }) => settings.allowMissingNonce ?? settings.allowSecretSignedIdToken,
    );
    expect(idTokens.map(({ name, data: { reviewed } }) => ({ name, reviewed }))).toEqual([
      { name: 'line', reviewed: true },
      { name: 'linkedin', reviewed: true },
    ]);
    expect(alive.filter(({ data: { settings } }) => settings.allowSessionFixation !== undefined)).toEqual([]);
  });

  it('identify users by an identifier that nobody else can get', () => {
    const TAKEN_OVER = /(^|[.:])(email|e_mail|mail|login|username|user_name|screen_name|nickname|handle|slug)$/i;
    const subs = alive.flatMap(({ name, data }) => {
      const { claims } = (data.settings.profile ?? {}) as { claims?: { sub?: unknown } };
      return claims?.sub === undefined ? [] : [{ name, sub: claims.sub }];
    });
    expect(
      subs.filter(({ sub }) => Array.isArray(sub) || TAKEN_OVER.test(JSON.stringify(sub).replace(/"/g, ''))),
    ).toEqual([]);
  });
});

describe('a client with a preset', () => {
  const CREDENTIALS = { clientId: 'id', clientSecret: 'secret' };
  const settingsOf = async (name: string, client: object): Promise<Record<string, unknown>> => {
    const registry = await registryWith({ options: { clients: { [name]: client } } });
    const app = registry.get(name) as unknown as { parts: { config: Record<string, unknown> } };
    return app.parts.config;
  };

  it('needs only the credentials in the environment if it has the name of the preset', async () => {
    const registry = await registryWith({
      options: { clients: { github: {} } },
      settings: { GITHUB_CLIENT_ID: 'id', GITHUB_CLIENT_SECRET: 'secret' },
    });
    expect(registry.get('github').clientId).toBe('id');
  });

  it('takes a preset by name', async () => {
    const config = await settingsOf('work', { ...CREDENTIALS, preset: 'github' });
    expect(config.authorizeUrl).toBe('https://github.com/login/oauth/authorize');
  });

  it('does not take the preset of its name if its settings have an endpoint', async () => {
    const endpoints = { authorizeUrl: 'https://other.test/a', accessTokenUrl: 'https://other.test/t' };
    const config = await settingsOf('github', { ...CREDENTIALS, ...endpoints });
    expect(config).toMatchObject(endpoints);
    expect(config).not.toHaveProperty('profile');
  });

  it('overrides the preset key by key, also in nested settings', async () => {
    const config = await settingsOf('github', {
      ...CREDENTIALS,
      preset: 'github',
      access_token_url: 'https://proxy.test/token',
      client_kwargs: { scope: 'repo' },
      profile: { claims: { name: 'login' } },
    });
    expect(config).toMatchObject({
      authorizeUrl: 'https://github.com/login/oauth/authorize',
      accessTokenUrl: 'https://proxy.test/token',
      scope: 'repo',
      tokenEndpointAuthMethod: 'client_secret_post',
      profile: { claims: { name: 'login', sub: 'id' } },
    });
  });

  it('lets no client change the preset of another', async () => {
    await settingsOf('github', {
      ...CREDENTIALS,
      clientKwargs: { scope: 'repo' },
      profile: { claims: { sub: 'node_id' } },
    });
    expect(await settingsOf('github', CREDENTIALS)).toMatchObject({
      scope: 'user:email',
      profile: { claims: { sub: 'id' } },
    });
  });

  it('logs once, at its first use, that its preset has one source only', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const [unconfirmed] = alive.filter(({ data: { sources, variables } }) => sources === 1 && !variables);
    const preset = unconfirmed!.name as PresetName;
    const clients = { once: { ...CREDENTIALS, preset }, github: CREDENTIALS };
    const registry = await registryWith({ options: { clients } });
    const lines = (): string[] =>
      warn.mock.calls.map(([line]) => String(line)).filter((line) => line.includes('unconfirmed'));
    expect(lines()).toEqual([]);
    for (const name of ['once', 'github', 'once']) registry.get(name);
    (await registryWith({ options: { clients } })).get('once');
    expect(lines()).toEqual([expect.stringContaining(`"once" uses the preset "${preset}"`)]);
    warn.mockRestore();
  });

  const faultsOf = async (client: object, name = 'dev'): Promise<readonly string[]> =>
    registryWith({ options: { clients: { [name]: { ...CREDENTIALS, ...client } } } }).then(
      () => [],
      (error: unknown) => (error as { faults: readonly string[] }).faults,
    );

  it('reports an unknown preset, and suggests a similar one', async () => {
    expect(await faultsOf({ preset: 'gthub' })).toEqual([
      'dev.preset: there is no such preset. Did you mean "github"? See the list of providers in the documentation',
    ]);
    expect(await faultsOf({ preset: '../../../package' })).toEqual([
      'dev.preset: there is no such preset. See the list of providers in the documentation',
    ]);
  });

  it('reports that a provider was shut down, and names its successor', async () => {
    const fault = 'Google+ was shut down in 2019; use google';
    expect(await faultsOf({ preset: 'googleplus' })).toEqual([`dev.preset: ${fault}`]);
    expect(await faultsOf({}, 'googleplus')).toEqual([`googleplus.preset: ${fault}`]);
  });

  it('reports variables that are missing or unknown', async () => {
    expect(await faultsOf({ preset: 'auth0' })).toEqual([
      'dev.variables.domain: missing; expected the domain of the tenant, or a custom domain, such as "example.eu.auth0.com"',
    ]);
    expect(await faultsOf({ preset: 'auth0', variables: { domain: 'a.auth0.com', tenant: 'x' } })).toEqual([
      'dev.variables.tenant: the preset has no such variable. Expected domain',
    ]);
    expect(await faultsOf({ preset: 'github', variables: { domain: 'x' } })).toEqual([
      'dev.variables.domain: the preset has no such variable. Expected no variables. Remove it',
    ]);
  });

  it('suggests the preset that a client without a preset and without an endpoint probably means', async () => {
    const missing = (name: string): string[] =>
      ['authorize_url', 'access_token_url'].map(
        (key) => `${name}.${key}: missing; give it, or issuer, or server_metadata_url`,
      );
    for (const name of ['gihtub', 'GitHub', 'git-hub']) {
      const suggestion = `${name}.preset: missing, and no preset has the name "${name}". Did you mean "github"?`;
      expect(await faultsOf({}, name)).toEqual([...missing(name), suggestion]);
    }
    expect(await faultsOf({}, 'vkk')).toEqual(missing('vkk'));
    expect(await faultsOf({ authorizeUrl: 'https://other.test/a' }, 'gihtub')).toEqual([missing('gihtub')[1]]);
  });

  it('reports variables without a preset, and variables next to an endpoint', async () => {
    const endpoints = { authorizeUrl: 'https://other.test/a', accessTokenUrl: 'https://other.test/t' };
    const variables = { domain: 'a.auth0.com' };
    expect(await faultsOf({ ...endpoints, variables })).toEqual([
      'dev.variables: not used, because the client has no preset. Set preset, or remove variables',
    ]);
    expect(await faultsOf({ ...endpoints, variables }, 'auth0')).toEqual([
      'auth0.variables: not used, because the client has an endpoint. Set preset to "auth0", or remove variables',
    ]);
    expect(await faultsOf({ ...endpoints, variables: {} })).toEqual([]);
    expect(await faultsOf({ variables }, 'auht0')).toEqual([
      'auht0.variables: not used, because the client has no preset. Set preset, or remove variables',
      'auht0.preset: missing, and no preset has the name "auht0". Did you mean "auth0"?',
    ]);
  });

  it('uses the default of a variable', async () => {
    expect((await settingsOf('gitlab', CREDENTIALS)).authorizeUrl).toBe('https://gitlab.com/oauth/authorize');
    const own = await settingsOf('gitlab', { ...CREDENTIALS, variables: { base_url: 'https://git.example/sub' } });
    expect(own.authorizeUrl).toBe('https://git.example/sub/oauth/authorize');
  });

  it('is also configured for a client that is registered at run time', async () => {
    const registry = await registryWith({});
    registry.register('tenant', { preset: 'okta', variables: { domain: 'acme.okta.com' }, ...CREDENTIALS });
    expect(registry.has('tenant')).toBe(true);
  });

  it('has a secret with which id_tokens can be signed, if the provider does so', async () => {
    const line = { clientId: 'id', clientSecret: 'too short' };
    await expect(registryWith({ options: { clients: { line } } })).rejects.toMatchObject({
      faults: [expect.stringContaining('line.client_secret: too short')],
    });
  });

  it('has a valid name', () => {
    const name: PresetName = 'github';
    const number: PresetName = '42';
    // @ts-expect-error a misspelled name does not compile
    const misspelled: PresetName = 'gthub';
    expect([name, number]).not.toContain(misspelled);
  });
});

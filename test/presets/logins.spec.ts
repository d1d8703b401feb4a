import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ProfileSettings } from 'nestjs-oauth-client/protocol';
import { profileAnswers } from './profile-answers.js';
import {
  clientOfPreset,
  exampleVariables,
  filledSettings,
  livePresets,
  PresetApp,
  providerOf,
} from './preset-logins.js';

const presets = livePresets();
/** The claims of an id_token and of the userinfo endpoint. */
const OPENID = { sub: '70000001', name: 'Ada Lovelace', email: 'ada@mail.example', email_verified: true };

describe('a login at a provider that accepts only what its preset describes', () => {
  let app: PresetApp;

  beforeAll(async () => {
    const clients = presets.map((named) => [named.name, clientOfPreset(named)] as const);
    app = await PresetApp.start(Object.fromEntries(clients));
  });
  afterAll(() => app.close());

  it.each(presets.map(({ name, preset }) => [name, preset] as const))('ends with a user: %s', async (name, preset) => {
    const settings = filledSettings(preset, exampleVariables(preset));
    const profile = settings.profile as ProfileSettings | undefined;
    const { sources, claims } = profileAnswers(profile ?? {});
    const isOpenId = settings.issuer !== undefined || settings.serverMetadataUrl !== undefined;
    const idToken = { ...(isOpenId && OPENID), ...(sources.get('id_token') as object) };
    sources.set('userinfo', OPENID);
    const provider = providerOf(settings, {
      idToken,
      token: (sources.get('token') ?? {}) as Record<string, unknown>,
      callback: callbackOf(sources.get('callback')),
      profile: sources,
    });
    const { userInfo, token } = await app.signIn(name, provider);
    expect(token).toMatchObject({ clientId: 'the-client' });
    if (!profile) return;
    expect(userInfo).toMatchObject({ ...(isOpenId && OPENID), ...claims });
  });
});

/** Returns parameters of a callback. An object is sent as JSON. */
function callbackOf(answer: unknown): Record<string, string> {
  const entries = Object.entries(answer ?? {}).map(([name, value]: [string, unknown]) => {
    return [name, typeof value === 'string' ? value : JSON.stringify(value)];
  });
  return Object.fromEntries(entries) as Record<string, string>;
}

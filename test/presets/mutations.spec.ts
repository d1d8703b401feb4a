import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fixtures } from './fixtures.js';
import { mutationsOf } from './mutations.js';
import { clientOfPreset, exampleVariables, filledSettings, livePresets, PresetApp } from './preset-logins.js';
import { expectedLogin, recordLogin } from './recorded-login.js';

/** Presets of every protocol, with the settings that others have too. */
const TEN = ['github', 'google', 'discord', 'strava', 'tiktok', 'wechat', 'instagram', 'shopify', 'flickr', 'kakao'];
const presets = new Map(livePresets().map((named) => [named.name, named]));
const known = new Map(fixtures());

describe.each(TEN)('a wrong value in the preset %s', (name) => {
  let app: PresetApp;

  beforeAll(async () => {
    app = await PresetApp.start({});
  });
  afterAll(() => app.close());

  const named = presets.get(name)!;
  const fixture = known.get(name)!;
  const settings = filledSettings(named.preset, { ...exampleVariables(named.preset), ...fixture.variables });

  /** Returns whether the fixture of the preset fits a client with these settings. */
  async function fits(changed: Record<string, unknown>): Promise<boolean> {
    const { preset: _, variables: __, ...credentials } = clientOfPreset(named) as unknown as Record<string, unknown>;
    try {
      app.registry.register(name, { ...changed, ...credentials }, { replace: true });
      expect(await recordLogin(app, name, changed, fixture)).toEqual(expectedLogin(fixture));
      return true;
    } catch {
      return false;
    }
  }

  it('is none: the preset fits its fixture', async () => {
    expect(await fits(settings)).toBe(true);
  });

  it.each(mutationsOf(settings).map((mutation) => [mutation.title, mutation.settings] as const))(
    'is found: %s',
    async (_, changed) => {
      expect(await fits(changed)).toBe(false);
    },
  );
});

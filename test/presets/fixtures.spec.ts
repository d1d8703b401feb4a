import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fixtures } from './fixtures.js';
import { clientOfPreset, exampleVariables, filledSettings, livePresets, PresetApp } from './preset-logins.js';
import { expectedLogin, recordLogin } from './recorded-login.js';

const presets = new Map(livePresets().map((named) => [named.name, named]));
const known = fixtures();

describe('a login at a provider that answers as its documentation says', () => {
  let app: PresetApp;

  beforeAll(async () => {
    const clients = known.map(([name, { variables }]) => {
      const named = presets.get(name)!;
      const given = { ...exampleVariables(named.preset), ...variables };
      return [name, { ...clientOfPreset(named), variables: given }] as const;
    });
    app = await PresetApp.start(Object.fromEntries(clients));
  });
  afterAll(() => app.close());

  it('is tested for the 60 most used providers', () => {
    expect(known.length).toBeGreaterThanOrEqual(60);
  });

  it.each(known)('gives the expected user, with the expected requests: %s', async (name, fixture) => {
    const { preset } = presets.get(name)!;
    const settings = filledSettings(preset, { ...exampleVariables(preset), ...fixture.variables });
    expect(await recordLogin(app, name, settings, fixture)).toEqual(expectedLogin(fixture));
  });
});

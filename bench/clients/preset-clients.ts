import type { ClientSettings } from 'nestjs-oauth-client/protocol';
import { getPreset, presetNames } from 'nestjs-oauth-client/presets';

/** Returns clients with the names of `count` presets, with credentials and the variables' examples. */
export function presetClients(count: number): Record<string, ClientSettings> {
  const names = presetNames().filter((name) => getPreset(name)?.settings.clientSecretJwt === undefined);
  return Object.fromEntries(names.slice(0, count).map((name) => [name, client(name)]));
}

function client(name: string): ClientSettings {
  const variables = Object.entries(getPreset(name)?.variables ?? {}).map(([key, { example }]) => [key, example]);
  return { clientId: 'id', clientSecret: 's'.repeat(40), variables: Object.fromEntries(variables) as object };
}

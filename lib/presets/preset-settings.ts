import { ownField } from '../common/own-field.js';
import { isRecord } from '../config/is-record.js';
import { nearestKey } from '../config/nearest-key.js';
import type { Faults } from '../config/read-client.js';
import type { Settings } from '../config/setting-keys.js';
import { KNOWN_PRESETS } from '../config/known-presets.js';
import type { DeadPreset, Preset } from './preset.js';
import { findPreset, isDead } from './preset-files.js';
import { fillVariables, readVariables } from './preset-variables.js';
import { presetNames } from './presets.js';

/** Settings that name an endpoint of the provider. A client with one of them does not take the preset of its name. */
const ENDPOINTS = ['authorizeUrl', 'accessTokenUrl', 'requestTokenUrl', 'issuer', 'serverMetadataUrl'];
/** Minimum length of a client's name that is compared with similar names of presets. Short names resemble too many. */
const MIN_COMPARED = 5;

/**
 * Returns the settings of a client with those of its preset: the preset in `preset`, or else the preset with the client's name if the
 * settings have no endpoint. The client's settings take precedence key by key.
 */
export function withPreset(name: string, settings: Settings): { settings: Settings } | Faults {
  const { preset: chosen, variables, ...own } = settings;
  if (chosen !== undefined && typeof chosen !== 'string') return { settings };
  const isUsed = chosen !== undefined || !hasEndpoint(own);
  const preset = isUsed ? findPreset(chosen ?? name) : undefined;
  if (!preset) {
    if (chosen !== undefined) return { faults: [`${name}.preset: ${unknownPreset(chosen)}`] };
    if (isEmpty(variables)) return { settings };
    return { faults: [`${name}.variables: ${uselessVariables(name)}`, ...missedPreset(name, settings)] };
  }
  if (isDead(preset)) return { faults: [`${name}.preset: ${deathOf(preset)}`] };
  const read = readVariables(preset.variables ?? {}, variables);
  if ('faults' in read) return { faults: read.faults.map((fault) => `${name}.${fault}`) };
  const merged = merge(fillVariables(preset.settings, read.values), own);
  return { settings: { ...merged, preset: chosen ?? name, variables: Object.fromEntries(read.values) } };
}

/**
 * Returns a suggestion for a client whose name looks like the name of a preset, and whose settings have neither a preset nor an
 * endpoint.
 */
export function missedPreset(name: string, settings: Settings): string[] {
  if (settings.preset !== undefined || hasEndpoint(settings)) return [];
  const wanted = name.toLowerCase().replace(/[^a-z0-9]/g, '');
  const near = similarPreset(wanted);
  return near === undefined
    ? []
    : [`${name}.preset: missing, and no preset has the name "${name}". Did you mean "${near}"?`];
}

/** Returns whether a client's settings come from a preset that only one project confirms. */
export function isUnconfirmed(preset: string | undefined): boolean {
  const found = preset === undefined ? undefined : findPreset(preset);
  return found !== undefined && !isDead(found) && found.sources < 2;
}

function hasEndpoint(settings: Settings): boolean {
  return ENDPOINTS.some((key) => settings[key] !== undefined);
}

function isEmpty(variables: unknown): boolean {
  return variables === undefined || (isRecord(variables) && Object.keys(variables).length === 0);
}

function uselessVariables(name: string): string {
  const preset = findPreset(name);
  return preset && !isDead(preset)
    ? `not used, because the client has an endpoint. Set preset to "${name}", or remove variables`
    : 'not used, because the client has no preset. Set preset, or remove variables';
}

function similarPreset(wanted: string): string | undefined {
  if (Object.hasOwn(KNOWN_PRESETS, wanted)) return wanted;
  return wanted.length < MIN_COMPARED ? undefined : nearestPreset(wanted);
}

function nearestPreset(name: string): string | undefined {
  return nearestKey(name, presetNames());
}

function unknownPreset(chosen: string): string {
  const near = nearestPreset(chosen);
  const suggestion = near === undefined ? '' : ` Did you mean "${near}"?`;
  return `there is no such preset.${suggestion} See the list of providers in the documentation`;
}

function deathOf({ title, dead, use }: DeadPreset): string {
  return `${title} ${dead}${use === undefined ? '. Remove the client, or set its endpoints' : `; use ${use}`}`;
}

/** Merges objects key by key. Values of the client take precedence; its functions and arrays replace those of the preset. */
function merge(preset: Preset['settings'], own: Settings): Settings {
  const merged = Object.entries(own).map(([key, value]): [string, unknown] => {
    const inherited = ownField(preset, key);
    return [key, isRecord(inherited) && isRecord(value) ? merge(inherited, value) : value];
  });
  return { ...preset, ...Object.fromEntries(merged) };
}

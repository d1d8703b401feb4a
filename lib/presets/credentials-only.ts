import type { Settings } from '../config/setting-keys.js';
import { findPreset, isDead } from './preset-files.js';
import { readVariables } from './preset-variables.js';
import { SIMPLE_PRESETS } from './simple-presets.js';

const MAX_LENGTH = 8_192;

/**
 * Returns whether a client has only credentials and variables besides its preset, so that its settings have no fault: the data of the
 * presets is tested. The check of the settings, which takes longer than everything else at start-up, can then wait until the client
 * is used.
 */
export function hasCredentialsOnly(name: string, settings: Settings): boolean {
  const { clientId, clientSecret, preset = name, variables, ...others } = settings;
  if (Object.keys(others).length > 0 || !isText(clientId) || !isText(clientSecret) || !isText(preset)) return false;
  return variables === undefined && SIMPLE_PRESETS.has(preset) ? true : fillsVariables(preset, variables);
}

/** Returns whether the variables of a preset have valid values. A URL must be https: the settings may not allow http. */
function fillsVariables(name: string, variables: unknown): boolean {
  const preset = findPreset(name);
  if (!preset || isDead(preset) || preset.settings.clientSecretJwt !== undefined) return false;
  const read = readVariables(preset.variables ?? {}, variables);
  return 'values' in read && [...read.values.values()].every((value) => !value.startsWith('http:'));
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_LENGTH;
}

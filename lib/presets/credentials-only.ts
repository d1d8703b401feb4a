import { ownField } from '../common/own-field.js';
import type { Settings } from '../config/setting-keys.js';
import { KNOWN_PRESETS } from '../config/known-presets.js';
import { areFilled, type VariableRules } from './preset-variables.js';

const MAX_LENGTH = 8_192;
const KEYS = new Set(['clientId', 'clientSecret', 'preset', 'variables']);

/**
 * Returns whether a client has only credentials and variables besides its preset, so that its settings have no fault: the data of the
 * presets is tested. The check of the settings, which takes longer than everything else at start-up, can then wait until the client
 * is used.
 */
export function hasCredentialsOnly(name: string, settings: Settings): boolean {
  const { clientId, clientSecret, preset = name, variables } = settings;
  if (!Object.keys(settings).every((key) => KEYS.has(key))) return false;
  if (!isText(clientId) || !isText(clientSecret) || !isText(preset)) return false;
  const rules = ownField<VariableRules | null>(KNOWN_PRESETS, preset);
  return rules !== undefined && rules !== null && areFilled(rules, variables);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_LENGTH;
}

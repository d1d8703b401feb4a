import { ownField } from '../common/own-field.js';
import { KNOWN_PRESETS } from '../config/known-presets.js';
import { isText } from '../config/plain-settings.js';
import { normalizeKeys } from '../config/setting-keys.js';
import { areFilled, type VariableRules } from './preset-variables.js';

const KEYS = new Set(['clientId', 'client_id', 'clientSecret', 'client_secret', 'preset', 'variables']);

/**
 * Returns whether a client has only credentials and variables besides its preset, so that its settings have no fault: the data of the
 * presets is tested. Keys may be in either case. The check of the settings, which takes longer than everything else at start-up, can
 * then wait until the client is used.
 */
export function hasCredentialsOnly(name: string, settings: object): boolean {
  if (!Object.keys(settings).every((key) => KEYS.has(key))) return false;
  const { clientId, clientSecret, preset = name, variables } = normalizeKeys(settings);
  if (!isText(clientId) || !isText(clientSecret) || !isText(preset)) return false;
  const rules = ownField<VariableRules | null>(KNOWN_PRESETS, preset);
  return rules !== undefined && rules !== null && areFilled(rules, variables);
}

import type { PresetName } from '../config/preset-name.js';
import { KNOWN_PRESETS } from '../config/known-presets.js';
import { findPreset, isDead } from './preset-files.js';
import type { Preset } from './preset.js';

/** Returns the names of all presets, in alphabetical order. */
export function presetNames(): PresetName[] {
  return (Object.keys(KNOWN_PRESETS) as PresetName[]).sort();
}

/** Returns the preset with this name. Returns undefined if there is none, or if the provider was shut down. */
export function getPreset(name: string): Preset | undefined {
  const preset = findPreset(name);
  return preset && !isDead(preset) ? structuredClone(preset) : undefined;
}

import type { PresetName } from '../config/preset-name.js';
import type { DeadPreset, Preset } from './preset.js';
import { findPreset, isDead, presetFiles } from './preset-files.js';

/** Returns the names of all presets, in alphabetical order. Reads all files of presets at its first call. */
export function presetNames(): PresetName[] {
  return presetFiles().filter((name): name is PresetName => isUsable(findPreset(name)));
}

/** Returns the preset with this name. Returns undefined if there is none, or if the provider was shut down. */
export function getPreset(name: string): Preset | undefined {
  const preset = findPreset(name);
  return isUsable(preset) ? structuredClone(preset) : undefined;
}

function isUsable(preset: Preset | DeadPreset | undefined): preset is Preset {
  return preset !== undefined && !isDead(preset);
}

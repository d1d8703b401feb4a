import type { KNOWN_PRESETS } from './known-presets.js';

/** The names of the presets. */
export type PresetName = keyof typeof KNOWN_PRESETS;

/** The names of the variables of the presets. */
export type PresetVariableName = { [Name in PresetName]: keyof (typeof KNOWN_PRESETS)[Name] }[PresetName];

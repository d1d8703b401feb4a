export type { PresetName, PresetVariableName } from '../config/preset-name.js';
export type { Preset, PresetVariable } from './preset.js';
export { getPreset, presetNames } from './presets.js';

import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type { DeadPreset, Preset } from './preset.js';

const require = createRequire(import.meta.url);
/** The folder of the data. Both builds of the package, ES modules and CommonJS, read the same files; see `scripts/commonjs.js`. */
const DATA = './data/';
/** The format of a preset's name, which is the name of its file. */
const NAME = /^[a-z0-9]{1,50}$/;

/** Returns the preset with this name, or undefined if there is none. Reads its file once. Do not change the result. */
export function findPreset(name: string): Preset | DeadPreset | undefined {
  if (!NAME.test(name)) return undefined;
  try {
    return require(`${DATA}${name}.json`) as Preset | DeadPreset;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

/** Returns the names of all presets, including those of providers that were shut down. */
export function presetFiles(): string[] {
  const files = readdirSync(dirname(require.resolve(`${DATA}github.json`)));
  return files.map((file) => file.replace(/\.json$/, '')).sort();
}

export function isDead(preset: Preset | DeadPreset): preset is DeadPreset {
  return 'dead' in preset;
}

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { DeadPreset, Preset } from './preset.js';

const packageRequire = createRequire(import.meta.url);
/** The folder of the data, also from the chunks of the build. CommonJS reads the same files; see `scripts/bundle.js`. */
const DATA = '../presets/data/';
/** The format of a preset's name, which is the name of its file. */
const NAME = /^[a-z0-9]{1,50}$/;

let folder: string | undefined;
/** The presets that were read, by name. */
const known = new Map<string, Preset | DeadPreset>();

/** Returns the preset with this name, or undefined if there is none. Reads its file once. Do not change the result. */
export function findPreset(name: string): Preset | DeadPreset | undefined {
  const found = known.get(name) ?? (NAME.test(name) ? readPreset(name) : undefined);
  if (found) known.set(name, found);
  return found;
}

export function isDead(preset: Preset | DeadPreset): preset is DeadPreset {
  return 'dead' in preset;
}

function readPreset(name: string): Preset | DeadPreset | undefined {
  try {
    return JSON.parse(readFileSync(join(dataFolder(), `${name}.json`), 'utf8')) as Preset | DeadPreset;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** @throws {Error} when the data is not beside the modules, because a bundler moved them */
function dataFolder(): string {
  return (folder ??= dirname(packageRequire.resolve(`${DATA}github.json`)));
}

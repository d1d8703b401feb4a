// Copies the data of the presets to dist, without white space.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SOURCE = 'lib/presets/data';
const TARGET = 'dist/presets/data';

mkdirSync(TARGET, { recursive: true });
for (const name of readdirSync(SOURCE)) {
  writeFileSync(join(TARGET, name), JSON.stringify(JSON.parse(readFileSync(join(SOURCE, name), 'utf8'))));
}

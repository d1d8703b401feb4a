import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { apiCall } from './api-call.js';
import { apiCallRedisStore } from './api-call-redis-store.js';
import { callbackOidc } from './callback-oidc.js';
import { resultOf } from './compare.js';
import { dpopCall } from './dpop-call.js';
import type { Figure, Result } from './figure.js';
import { importMemory, importTime, importTimeAfterNest } from './import.js';
import { loginRedirect, loginRedirectCookie, loginRedirectPassport } from './login-redirect.js';
import { lookup10k, start10k, start10kMemory, start500Presets } from './many-clients.js';
import { memoryLogin, memoryLoginGc } from './memory-login.js';
import { oauth1Sign, oauth1SignLimit } from './oauth1-sign.js';
import { profileFigure } from './profile-figure.js';
import { refreshStorms } from './refresh-storm.js';
import { printHeader, printResult } from './report.js';
import { resolveTenant, resolveTenantMemory } from './resolve-tenant.js';
import { scaleFigures } from './scale.js';
import { whyUnreachable } from './support/server-url.js';

const FIGURES: readonly Figure[] = [
  oauth1Sign,
  oauth1SignLimit,
  loginRedirect,
  loginRedirectPassport,
  loginRedirectCookie,
  callbackOidc,
  apiCall,
  apiCallRedisStore,
  dpopCall,
  start10k,
  start10kMemory,
  start500Presets,
  lookup10k,
  resolveTenant,
  resolveTenantMemory,
  ...refreshStorms,
  importTime,
  importTimeAfterNest,
  importMemory,
  memoryLogin,
  memoryLoginGc,
  ...scaleFigures,
];

const { values, positionals } = parseArgs({
  options: { json: { type: 'string' }, profile: { type: 'boolean' } },
  allowPositionals: true,
});

const results: Result[] = [];
const skipped: string[] = [];
if (!values.profile) printHeader();
for (const figure of chosen(positionals)) {
  const obstacle = figure.needs && (await whyUnreachable(figure.needs));
  if (obstacle !== undefined) {
    skipped.push(`SKIPPED: ${figure.name}: ${obstacle}`);
    console.log(`${figure.name.padEnd(24)} skipped: ${obstacle}`);
    continue;
  }
  try {
    if (values.profile) await profileFigure(figure);
    else results.push(printResult(figure, await resultOf(figure)));
  } catch (error) {
    console.error(`${figure.name.padEnd(24)} failed:`, error);
    process.exitCode = 1;
  }
}
if (skipped.length > 0) console.log(`\n${skipped.join('\n')}`);
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(results, null, 2)}\n`);

/** Returns the figures with these names. The first part of a name stands for all figures that begin with it: `scale`. */
function chosen(names: readonly string[]): readonly Figure[] {
  const isNamed = (name: string) => (figure: Figure) => figure.name === name || figure.name.startsWith(`${name}-`);
  const unknown = names.filter((name) => !FIGURES.some(isNamed(name)));
  if (unknown.length > 0) {
    throw new Error(`no figure ${unknown.join(', ')}; there are ${FIGURES.map(({ name }) => name).join(', ')}`);
  }
  const exact = new Set(FIGURES.map(({ name }) => name));
  const isChosen = (figure: Figure): boolean =>
    names.some((name) => (exact.has(name) ? figure.name === name : isNamed(name)(figure)));
  return names.length > 0 ? FIGURES.filter(isChosen) : FIGURES;
}

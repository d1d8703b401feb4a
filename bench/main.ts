import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { apiCall } from './api-call.js';
import { apiCallRedisStore } from './api-call-redis-store.js';
import { callbackOidc } from './callback-oidc.js';
import { dpopCall } from './dpop-call.js';
import { meetsGoal, resultOf, type Figure, type Result } from './figure.js';
import { loginRedirect, loginRedirectCookie, loginRedirectPassport, pending100kMemory } from './login-redirect.js';
import { lookup10k, start10k, start10kMemory, start500Presets } from './many-clients.js';
import { oauth1Sign, oauth1SignLimit } from './oauth1-sign.js';
import { refreshStorms } from './refresh-storm.js';
import { resolveTenant, resolveTenantMemory } from './resolve-tenant.js';
import { whyUnreachable } from './support/server-url.js';

const FIGURES: readonly Figure[] = [
  oauth1Sign,
  oauth1SignLimit,
  loginRedirect,
  loginRedirectPassport,
  loginRedirectCookie,
  pending100kMemory,
  callbackOidc,
  apiCall,
  apiCallRedisStore,
  ...refreshStorms,
  dpopCall,
  start10k,
  start10kMemory,
  start500Presets,
  lookup10k,
  resolveTenant,
  resolveTenantMemory,
];

const { values, positionals } = parseArgs({ options: { json: { type: 'string' } }, allowPositionals: true });

const results: Result[] = [];
const skipped: string[] = [];
printRow('figure', 'ours', 'peer', 'ratio', 'goal', '', 'unit');
for (const figure of chosen(positionals)) {
  const obstacle = figure.needs && (await whyUnreachable(figure.needs));
  if (obstacle !== undefined) {
    skipped.push(`SKIPPED: ${figure.name}: ${obstacle}`);
    console.log(`${figure.name.padEnd(24)} skipped: ${obstacle}`);
    continue;
  }
  const result = await resultOf(figure).catch((error: unknown) => {
    console.error(`${figure.name.padEnd(24)} failed:`, error);
    process.exitCode = 1;
  });
  if (!result) continue;
  const { name, unit, goal, kind } = figure;
  const { ours, peer, ratio } = result;
  const [compared, bound] = kind === 'rate' ? [`${ratio.toFixed(2)}x`, '>='] : [`${plain(ratio)} more`, '<='];
  printRow(
    name,
    plain(ours),
    plain(peer),
    compared,
    `${bound} ${goal}`,
    meetsGoal(figure, result) ? 'ok' : 'MISSED',
    unit,
  );
  results.push(result);
}
if (skipped.length > 0) console.log(`\n${skipped.join('\n')}`);
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(results, null, 2)}\n`);

function chosen(names: readonly string[]): readonly Figure[] {
  const unknown = names.filter((name) => !FIGURES.some((figure) => figure.name === name));
  if (unknown.length > 0) {
    throw new Error(`no figure ${unknown.join(', ')}; there are ${FIGURES.map(({ name }) => name).join(', ')}`);
  }
  return names.length > 0 ? FIGURES.filter(({ name }) => names.includes(name)) : FIGURES;
}

function printRow(name: string, ...[ours, peer, ratio, goal, verdict, unit]: string[]): void {
  const numbers = [ours, peer, ratio].map((text = '') => text.padStart(13)).join('');
  console.log(`${name.padEnd(24)}${numbers}  ${(goal ?? '').padEnd(8)}${(verdict ?? '').padEnd(8)}${unit ?? ''}`);
}

function plain(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: value < 1000 ? 1 : 0 });
}

import { isRecord } from '../config/is-record.js';
import { listedNames, shownName } from '../config/client-name.js';
import type { PresetVariable } from './preset.js';

/** Maximum number of unknown variables in the faults. */
const MAX_FAULTS = 20;
const MAX_LENGTH = 300;
/** One label of a host name, or one segment of a path. */
const LABEL = /^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$/;
const HOST =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*(?::\d{1,5})?$/;
const URL_WITH_PATH = /^https?:\/\/[^/?#@\\]+(?:\/[\w~.-]+)*$/;

/** The check of each kind of variable, and the expectation in a fault. */
const KINDS: Record<PresetVariable['kind'], { expected: string; matches: (value: string) => boolean }> = {
  label: { expected: 'expected letters, digits, hyphens and underscores', matches: isLabel },
  host: { expected: 'expected a host name, without a scheme and a path', matches: isHost },
  url: { expected: 'expected an absolute URL without credentials, query and fragment', matches: isUrlWithPath },
  text: { expected: 'expected the value that the provider shows', matches: () => true },
};

export type Variables = Readonly<Record<string, PresetVariable>>;
/** What a value of each variable must be. */
export type VariableRules = Readonly<Record<string, VariableRule>>;
type VariableRule = Pick<PresetVariable, 'kind' | 'pattern' | 'default'>;

/** Returns the values of a preset's variables, with defaults, or the faults of the values that a client sets. */
export function readVariables(
  variables: Variables,
  given: unknown,
): { values: ReadonlyMap<string, string> } | { faults: string[] } {
  if (given !== undefined && !isRecord(given)) return { faults: ['variables: expected an object of strings'] };
  const settings = given ?? {};
  const unknown = Object.keys(settings).filter((name) => !Object.hasOwn(variables, name));
  const faults = unknown.slice(0, MAX_FAULTS).map((name) => unknownVariable(name, Object.keys(variables)));
  const values = new Map<string, string>();
  for (const [name, variable] of Object.entries(variables)) {
    const value = Object.hasOwn(settings, name) ? settings[name] : variable.default;
    const fault = faultOf(value, variable);
    if (fault === undefined) values.set(name, String(value));
    else faults.push(`variables.${name}: ${fault}`);
  }
  return faults.length > 0 ? { faults } : { values };
}

/** Returns whether the variables of a preset have valid values. A URL must be https: the settings may not allow http. */
export function areFilled(rules: VariableRules, given: unknown = {}): boolean {
  if (!isRecord(given) || Object.keys(given).some((name) => !Object.hasOwn(rules, name))) return false;
  return Object.entries(rules).every(([name, rule]) => {
    const value = Object.hasOwn(given, name) ? given[name] : rule.default;
    return fits(value, rule) && !value.startsWith('http:');
  });
}

/** Returns a copy of a preset's settings in which the variables have their values. Keeps other placeholders. */
export function fillVariables<T>(value: T, values: ReadonlyMap<string, string>): T {
  return filled(value, values) as T;
}

function filled(value: unknown, values: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string')
    return value.replace(/\{(\w+)\}/g, (placeholder, name: string) => values.get(name) ?? placeholder);
  if (Array.isArray(value)) return value.map((item) => filled(item, values));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, filled(item, values)]));
}

function faultOf(value: unknown, variable: PresetVariable): string | undefined {
  const { kind, description, example } = variable;
  if (value === undefined || value === '') return `missing; expected ${lowerCased(description)}, such as "${example}"`;
  return fits(value, variable) ? undefined : `${KINDS[kind].expected}, such as "${example}"`;
}

function fits(value: unknown, { kind, pattern }: VariableRule): value is string {
  if (typeof value !== 'string' || value === '' || value.length > MAX_LENGTH) return false;
  return KINDS[kind].matches(value) && (pattern === undefined || new RegExp(pattern).test(value));
}

function unknownVariable(name: string, known: readonly string[]): string {
  const expected = known.length > 0 ? `Expected ${listedNames(known)}` : 'Expected no variables. Remove it';
  return `variables.${shownName(name)}: the preset has no such variable. ${expected}`;
}

/** Returns whether a value can be a label of a host: not `xn--a`, for example, which is not valid punycode. */
function isLabel(value: string): boolean {
  return LABEL.test(value) && URL.canParse(`https://${value}.example`);
}

/** Returns whether a value is a host that `URL` does not change: not `127.1`, for example, which it would read as an address. */
function isHost(value: string): boolean {
  return HOST.test(value) && URL.canParse(`https://${value}`) && keepsHost(`https://${value}`, value);
}

function isUrlWithPath(value: string): boolean {
  if (!URL_WITH_PATH.test(value) || !URL.canParse(value)) return false;
  const [, host = '', path = ''] = /^https?:\/\/([^/]+)(.*)$/.exec(value) ?? [];
  return HOST.test(host) && keepsHost(value, host) && new URL(value).pathname === (path === '' ? '/' : path);
}

function keepsHost(url: string, host: string): boolean {
  return new URL(url).hostname === host.toLowerCase().replace(/:\d+$/, '');
}

function lowerCased(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

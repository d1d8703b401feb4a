import type { ParameterNames } from '../../config/wire-settings.js';

/**
 * Returns parameters with the provider's names, without the omitted ones. A parameter that already has a provider's name is dropped
 * if the standard parameter is present: a request must not have two values of one parameter.
 */
export function renameParameters<Value>(
  parameters: readonly (readonly [name: string, value: Value])[],
  names: ParameterNames = {},
): [name: string, value: Value][] {
  const nameAt = (name: string): string | false => (Object.hasOwn(names, name) ? (names[name] ?? name) : name);
  const replaced = new Set(parameters.flatMap(([name]) => (nameAt(name) === name ? [] : [nameAt(name)])));
  return parameters.flatMap(([name, value]): [string, Value][] => {
    const sent = nameAt(name);
    return sent === false || (sent === name && replaced.has(name)) ? [] : [[sent, value]];
  });
}

/** Returns a field of an object from outside. Ignores inherited ones: a name such as `constructor` may come from outside, too. */
export function ownField<T>(fields: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

/** PostgreSQL cannot store U+0000. A lone surrogate has no UTF-8 form, so different lone surrogates would become equal. */
const UNSTORABLE = /[\0\p{Surrogate}]/u;

/** Returns whether every store can keep the string unchanged. */
export function isStorable(text: string): boolean {
  return !UNSTORABLE.test(text);
}

/** Returns the string with each character that a store cannot keep replaced by U+FFFD. */
export function storableText(text: string): string {
  return isStorable(text) ? text : text.replace(new RegExp(UNSTORABLE, 'gu'), '\uFFFD');
}

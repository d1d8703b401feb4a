/** A string, or a number, in valid JSON. */
const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
/** The least number of digits of an integer that may not be exact as a number. */
const LONG_INTEGER = /^-?\d{16,}$/;

/**
 * Parses JSON. An integer beyond 2^53 becomes a string with its digits: as a number it would be rounded, and two users with long
 * identifiers would have the same one.
 * @throws {SyntaxError} when the text is not JSON
 */
export function parseExactJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (!/\d{16}/.test(text)) return value;
  return JSON.parse(text.replace(STRING_OR_NUMBER, (found) => (isInexact(found) ? `"${found}"` : found)));
}

function isInexact(found: string): boolean {
  return LONG_INTEGER.test(found) && !Number.isSafeInteger(Number(found));
}

const STRING = /"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"/uy;
const SCALAR = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;
const SPACE = /[ \t\r\n]*/y;

/** Returns the position at which a string stops being JSON. Does not quote the string, which may contain secrets. */
export function brokenJsonAt(text: string): string {
  if (text.trim() === '') return 'at once: it is empty';
  const at = new JsonReader(text).readValue();
  const lines = text.slice(0, at).split('\n');
  const column = (lines.at(-1) ?? '').length + 1;
  return at >= text.length ? 'at its end: something is not closed' : `at line ${lines.length}, column ${column}`;
}

/** Reads a string up to the first character that is not valid JSON. */
class JsonReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Returns the index of the first error, or the length of the string. */
  readValue(): number {
    if (this.#value()) this.#take(SPACE);
    return this.#at;
  }

  #value(): boolean {
    this.#take(SPACE);
    if (this.#take(STRING) || this.#take(SCALAR)) return true;
    if (this.#take(/\{/y)) return this.#members(/\}/y, () => this.#member());
    if (this.#take(/\[/y)) return this.#members(/\]/y, () => this.#value());
    return false;
  }

  #members(end: RegExp, read: () => boolean): boolean {
    this.#take(SPACE);
    if (this.#take(end)) return true;
    do {
      if (!read()) return false;
      this.#take(SPACE);
    } while (this.#take(/,/y));
    return this.#take(end);
  }

  #member(): boolean {
    this.#take(SPACE);
    if (!this.#take(STRING)) return false;
    this.#take(SPACE);
    return this.#take(/:/y) && this.#value();
  }

  #take(token: RegExp): boolean {
    token.lastIndex = this.#at;
    if (!token.test(this.#text)) return false;
    this.#at = token.lastIndex;
    return true;
  }
}

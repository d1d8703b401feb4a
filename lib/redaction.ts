/** What takes the place of a secret in a text. */
const REDACTED = '[redacted]';
/** Shorter values are words rather than secrets: to replace them would garble the text. */
const SHORTEST = 6;
/** Characters by which a longer value is recognized. */
const BEGINNING = 16;

/** Replaces values in a text, in the forms in which a request carries them and an answer may repeat them. */
export function redact(text: string, values: Iterable<string>): string {
  let redacted = text;
  for (const value of longestFirst(values)) {
    for (const form of formsOf(value)) redacted = withoutForm(redacted, form);
  }
  return redacted;
}

/** Of a long value, the beginning is enough: whoever repeats it may have cut it. */
function withoutForm(text: string, form: string): string {
  const beginning = form.slice(0, BEGINNING);
  let redacted = text;
  for (let at = text.indexOf(beginning); at >= 0; at = redacted.indexOf(beginning, at + REDACTED.length)) {
    const end = at + commonLength(redacted.slice(at), form);
    redacted = redacted.slice(0, at) + REDACTED + redacted.slice(end);
  }
  return redacted;
}

function commonLength(text: string, form: string): number {
  let length = 0;
  while (length < form.length && text[length] === form[length]) length++;
  return length;
}

/** A value that is a part of another one must not break it up. */
function longestFirst(values: Iterable<string>): string[] {
  return [...new Set(values)].filter(({ length }) => length >= SHORTEST).sort((a, b) => b.length - a.length);
}

/** As it is, as a query or form has it, and as JSON has it. */
function formsOf(value: string): Set<string> {
  const encoded = new URLSearchParams([['', value]]).toString().slice(1);
  return new Set([value, encoded, encoded.replaceAll('+', '%20'), JSON.stringify(value).slice(1, -1)]);
}

/** An error of unknown origin, without its message: it may quote a request, an answer or a row. The place of the error stays. */
export function withoutMessage(error: unknown): Error {
  const { name, stack } = (error instanceof Error ? error : {}) as Partial<Error>;
  const kind = typeof name === 'string' && /^\w{1,60}$/.test(name) ? name : 'Error';
  const frames = typeof stack === 'string' ? stack.split('\n').filter((line) => /^\s+at /.test(line)) : [];
  const cause = new Error(kind);
  cause.name = kind;
  cause.stack = [kind, ...frames].join('\n');
  return cause;
}

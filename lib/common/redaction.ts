import { fieldsOf } from './fields-of.js';

/** Replaces a secret. */
const REDACTED = '[redacted]';
/** Minimum length of a redacted value. Shorter values are words rather than secrets, and replacing words garbles the text. */
const MIN_LENGTH = 6;
/** The number of leading characters that identify a longer value. */
const PREFIX_LENGTH = 16;
/** Minimum length of a value that is also found with separators between its characters. Shorter values are often words. */
const MIN_SPACED_LENGTH = 12;
/** Separators in a value that was wrapped or spaced out: spaces, line breaks and invisible characters. */
const SEPARATORS = '[\\s\\p{Cf}]{0,3}';
/** Separators in a value that is written in hex. */
const HEX_SEPARATORS = '[\\s:,-]{0,2}(?:0x)?';
/** Matches text that may contain encoded characters. */
const ENCODED = /[%=][\da-f]{2}|\\|&[#a-z]|\+|0x|[^\0-\x7f]/i;

/**
 * Returns a function that redacts values in text. It finds them in every form in which a response may repeat the values of
 * a request: in any case; with some or all characters encoded for a URL, JSON or HTML; in hex or base64, also inside a
 * longer value.
 */
export function redactorOf(values: Iterable<string>): (text: string) => string {
  const steps = longestFirst(values).flatMap((value) => [
    withoutValue(value),
    withoutValue(Buffer.from(value).toString('hex'), HEX_SEPARATORS),
    ...Array.from(base64Forms(value), withoutForm),
  ]);
  return (text) => steps.reduce((redacted, step) => step(redacted), text);
}

/** Redacts values in text, as {@link redactorOf} does. */
export function redact(text: string, values: Iterable<string>): string {
  return redactorOf(values)(text);
}

/** Returns the longest values first: replacing a part of a longer value would leave the rest of that value visible. */
function longestFirst(values: Iterable<string>): string[] {
  return [...new Set(values)].filter(({ length }) => length >= MIN_LENGTH).sort((a, b) => b.length - a.length);
}

/** Redacts a value. The beginning of a long value is enough for a match, because a response may have cut the value. */
function withoutValue(value: string, between = maySpaceOut(value) ? SEPARATORS : ''): (text: string) => string {
  const characters = Array.from(value);
  const first = characters.slice(0, PREFIX_LENGTH);
  const rest = characters.slice(PREFIX_LENGTH);
  const plain = squeezed(first.join(''));
  let beginning: RegExp | undefined; // slow to compile, and rarely needed
  return (text) => {
    if (!mayHold(text, plain)) return text;
    beginning ??= new RegExp(first.map(characterPattern).join(between), 'giu');
    let redacted = '';
    let end = 0;
    for (const { index, 0: found } of text.matchAll(beginning)) {
      if (index < end) continue;
      redacted += text.slice(end, index) + REDACTED;
      end = endOfValue(text, index + found.length, rest, between);
    }
    return redacted + text.slice(end);
  };
}

/** Returns false only if the text cannot contain the value in any form. */
function mayHold(text: string, plain: string): boolean {
  return ENCODED.test(text) || ENCODED.test(plain) || squeezed(text).includes(plain);
}

/** Returns the text in lower case, without separators. */
function squeezed(text: string): string {
  return text.replace(/[\s:,-]/g, '').toLowerCase();
}

/** A value that contains spaces is excluded: separators next to its spaces would make a match take exponential time. */
function maySpaceOut(value: string): boolean {
  return value.length >= MIN_SPACED_LENGTH && !/[\s\p{Cf}]/u.test(value);
}

function endOfValue(text: string, start: number, rest: string[], between: string): number {
  let end = start;
  for (const character of rest) {
    const next = new RegExp(between + characterPattern(character), 'iuy');
    next.lastIndex = end;
    const found = next.exec(text);
    if (!found) break;
    end += found[0].length;
  }
  return end;
}

/** Patterns for additional forms of single characters. */
const NAMED_FORMS: Partial<Record<string, string[]>> = {
  ' ': ['\\+'],
  '&': ['&amp;'],
  '"': ['\\\\"', '&quot;'],
  '\\': ['\\\\\\\\', '&bsol;'],
  '<': ['&lt;'],
  '>': ['&gt;'],
  '+': ['&plus;'],
  '/': ['\\\\/', '&sol;'],
  '=': ['&equals;'],
  _: ['&lowbar;'],
  '.': ['&period;'],
};

/** Returns a pattern for a character, plain or encoded for a URL (any number of times), a mail, JSON, JavaScript or HTML. */
function characterPattern(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  const bytes = Array.from(Buffer.from(character), (byte) => byte.toString(16).padStart(2, '0'));
  const percent = bytes.map((byte) => `%(?:25)*${byte}`).join('');
  const printable = bytes.map((byte) => `=${byte}`).join('');
  const escapes = bytes.map((byte) => `\\\\{1,4}x${byte}`).join('');
  const units = Array.from(
    { length: character.length },
    (_, at) => `\\\\{1,4}u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
  ).join('');
  const point = `\\\\{1,4}u\\{0*${hex}\\}`;
  const entity = `&(?:amp;)?#(?:0*${code}|x0*${hex});`;
  const others = NAMED_FORMS[character] ?? [];
  return `(?:${[percent, printable, escapes, units, point, entity, ...others, escapeRegExp(character)].join('|')})`;
}

function escapeRegExp(character: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character;
}

/** Returns the base64 forms of a value inside a longer value: the value may start at any of three byte positions. */
function base64Forms(value: string): Set<string> {
  const bytes = Buffer.from(value);
  const base64 = [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const isWhole = (before + bytes.length) % 3 === 0;
    return encoded.slice(before === 0 ? 0 : before + 1, isWhole ? undefined : -1);
  });
  const base64url = base64.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'));
  return new Set([...base64, ...base64url].filter(({ length }) => length >= MIN_LENGTH));
}

function withoutForm(form: string): (text: string) => string {
  const beginning = form.slice(0, PREFIX_LENGTH);
  return (text) => {
    let redacted = text;
    for (let at = text.indexOf(beginning); at >= 0; at = redacted.indexOf(beginning, at + REDACTED.length)) {
      const end = at + commonLength(redacted.slice(at), form);
      redacted = redacted.slice(0, at) + REDACTED + redacted.slice(end);
    }
    return redacted;
  };
}

function commonLength(text: string, form: string): number {
  let length = 0;
  while (length < form.length && text[length] === form[length]) length++;
  return length;
}

/** Names of fields and parameters whose values are always redacted. */
const SECRET_NAME =
  '(?:[\\w-]{0,40}(?:token|secret|password|passwd|passphrase|pwd|assertion|verifier|api_?-?key|private_?-?key|credential)s?|' +
  '(?:device|user)_?code|auth_?req_?id|(?:proxy-)?authorization|(?:set-)?cookie|dpop|jwt|sid|session_?-?id)';
/** A quoted string, a string in escaped quotes, an array, an object, or unquoted characters. */
const NAMED_VALUE =
  '"(?:[^"\\\\]|\\\\.)*"?|\\\\"(?:(?!\\\\").)*(?:\\\\")?|\'[^\']*\'?|[{[][^}\\]]*[}\\]]?|[^\\s,;&"\'}\\])<>]+';
/** Matches `name: value`, `name=value` and `"name": "value"`. */
const NAMED = new RegExp(
  `(\\b${SECRET_NAME}\\\\?["']?\\s{0,5}(?:[:=]|%3a|%3d)\\s{0,5})((?:Bearer|Basic|DPoP|OAuth|Digest)\\s+)?(?:${NAMED_VALUE})`,
  'gi',
);
const SCHEMES = /\b(Bearer|Basic|DPoP|MAC)\s+[\w.~+/=-]{8,}/gi;
const JWTS = /\beyJ[\w-]{5,}(?:\.[\w-]*){1,4}/g;
const USER_INFO = /(:\/\/)[^\s/@:]{0,200}:[^\s@/]{1,500}@/g;
/** A `code`, `state` or `nonce`, but only with a random value: the `code` of an API is usually an error code. */
const RANDOM_NAMED = /(\\?["']?\b(?:code|state|nonce)\\?["']?\s*[:=]\s*\\?["']?)([\w.~+/-]{16,})/gi;
/** Long random values: letters of both cases with digits, or hex. A UUID is kept, because it usually identifies a request. */
const RANDOM =
  /(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[\w-]{32,}|(?<![\w-])(?=[a-f]*\d)[0-9a-f]{32,}(?![\w-])/g;

/** Redacts likely secrets in text from outside: values with the name of a secret, tokens, and long random values. */
export function redactSecrets(text: string): string {
  return text
    .replace(USER_INFO, `$1${REDACTED}@`)
    .replace(NAMED, (_all, name: string, scheme: string | undefined) => `${name}${scheme ?? ''}${REDACTED}`)
    .replace(SCHEMES, `$1 ${REDACTED}`)
    .replace(JWTS, REDACTED)
    .replace(RANDOM_NAMED, (all, name: string, value: string) =>
      /\d/.test(value) && /[a-z]/.test(value) ? name + REDACTED : all,
    )
    .replace(RANDOM, REDACTED);
}

/** Returns an error of unknown origin without its message, which may quote a request, a response or a row. Keeps the stack. */
export function withoutMessage(error: unknown): Error {
  const { name, stack } = fieldsOf(error instanceof Error ? error : undefined);
  const kind = typeof name === 'string' && /^\w{1,60}$/.test(name) ? name : 'Error';
  const frames = typeof stack === 'string' ? stack.split('\n').filter((line) => /^\s+at /.test(line)) : [];
  const cause = new Error(kind);
  cause.name = kind;
  cause.stack = [kind, ...frames].join('\n');
  return cause;
}

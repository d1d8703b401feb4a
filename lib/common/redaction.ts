/** What takes the place of a secret in a text. */
const REDACTED = '[redacted]';
/** Shorter values are words rather than secrets: to replace them would garble the text. */
const SHORTEST = 6;
/** Characters by which a longer value is recognized. */
const BEGINNING = 16;
/** Values of at least this length are found with something between their characters, too; a shorter one is a word too often. */
const SPREADABLE = 12;
/** What may stand between two characters: spaces, line breaks and invisible characters, of a value that was wrapped or spaced out. */
const BETWEEN = '[\\s\\p{Cf}]{0,3}';
/** What may stand between two characters of a value in hex. */
const BETWEEN_HEX = '[\\s:,-]{0,2}(?:0x)?';
/** What a text has if the characters of a value may stand in it in another form than their own. */
const ENCODED = /[%=][\da-f]{2}|\\|&[#a-z]|\+|0x|[^\0-\x7f]/i;

/**
 * Returns a function that replaces values in a text, in the forms in which a request carries them and an answer may repeat
 * them: in any case, with some or all characters encoded for a URL, for JSON or for HTML, and in hex or base64, also in the
 * middle of a longer value.
 */
export function redactorOf(values: Iterable<string>): (text: string) => string {
  const steps = longestFirst(values).flatMap((value) => [
    withoutValue(value),
    withoutValue(Buffer.from(value).toString('hex'), BETWEEN_HEX),
    ...Array.from(base64Forms(value), withoutForm),
  ]);
  return (text) => steps.reduce((redacted, step) => step(redacted), text);
}

/** Replaces values in one text; see {@link redactorOf}. */
export function redact(text: string, values: Iterable<string>): string {
  return redactorOf(values)(text);
}

/** A value that is a part of another one must not break it up. */
function longestFirst(values: Iterable<string>): string[] {
  return [...new Set(values)].filter(({ length }) => length >= SHORTEST).sort((a, b) => b.length - a.length);
}

/** Of a long value, the beginning is enough: a repeated value may have been cut. */
function withoutValue(value: string, between = isSpreadable(value) ? BETWEEN : ''): (text: string) => string {
  const characters = Array.from(value);
  const first = characters.slice(0, BEGINNING);
  const rest = characters.slice(BEGINNING);
  const plain = squeezed(first.join(''));
  let beginning: RegExp | undefined; // takes a while to compile, and few texts need it
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

/** Whether a text may have a value in it. Says no only where no pattern of the value could match. */
function mayHold(text: string, plain: string): boolean {
  return ENCODED.test(text) || ENCODED.test(plain) || squeezed(text).includes(plain);
}

/** A text without what may stand between two characters of a value, in lower case. */
function squeezed(text: string): string {
  return text.replace(/[\s:,-]/g, '').toLowerCase();
}

/** A value with spaces of its own would match the same text in many ways, which takes time without end. */
function isSpreadable(value: string): boolean {
  return value.length >= SPREADABLE && !/[\s\p{Cf}]/u.test(value);
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

/** Further forms of single characters, as patterns. */
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

/** A character as it is, or encoded for a URL (once or more times), a mail, JSON, JavaScript or HTML. */
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

/** In base64, wherever a longer value was encoded: its bytes may begin at any of three positions. */
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
  return new Set([...base64, ...base64url].filter(({ length }) => length >= SHORTEST));
}

function withoutForm(form: string): (text: string) => string {
  const beginning = form.slice(0, BEGINNING);
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

/** Names of values that no log shows, whatever they are. */
const SECRET_NAME =
  '(?:[\\w-]{0,40}(?:token|secret|password|passwd|passphrase|pwd|assertion|verifier|api_?-?key|private_?-?key|credential)s?|' +
  '(?:device|user)_?code|auth_?req_?id|(?:proxy-)?authorization|(?:set-)?cookie|dpop|jwt|sid|session_?-?id)';
/** A string in quotes, in quotes that are escaped, a list or an object, or characters up to the end of a value. */
const NAMED_VALUE =
  '"(?:[^"\\\\]|\\\\.)*"?|\\\\"(?:(?!\\\\").)*(?:\\\\")?|\'[^\']*\'?|[{[][^}\\]]*[}\\]]?|[^\\s,;&"\'}\\])<>]+';
/** `name: value`, `name=value`, `"name": "value"`. */
const NAMED = new RegExp(
  `(\\b${SECRET_NAME}\\\\?["']?\\s{0,5}(?:[:=]|%3a|%3d)\\s{0,5})((?:Bearer|Basic|DPoP|OAuth|Digest)\\s+)?(?:${NAMED_VALUE})`,
  'gi',
);
const SCHEMES = /\b(Bearer|Basic|DPoP|MAC)\s+[\w.~+/=-]{8,}/gi;
const JWTS = /\beyJ[\w-]{5,}(?:\.[\w-]*){1,4}/g;
const USER_INFO = /(:\/\/)[^\s/@:]{0,200}:[^\s@/]{1,500}@/g;
/** A code, a state or a nonce only where it looks like a random value: an API's `code` is most often the code of the error. */
const RANDOM_NAMED = /(\\?["']?\b(?:code|state|nonce)\\?["']?\s*[:=]\s*\\?["']?)([\w.~+/-]{16,})/gi;
/** Long random values: letters of both cases with digits, or hex. A UUID is left, since it names a request more often. */
const RANDOM =
  /(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[\w-]{32,}|(?<![\w-])(?=[a-f]*\d)[0-9a-f]{32,}(?![\w-])/g;

/** Replaces what looks like a secret in a text of another party: values with the name of one, tokens, and long random values. */
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

import type { ClaimSource, ProfileClaims, ProfileSettings } from 'nestjs-oauth-client/protocol';

/** The name of the first request if it has no name. */
const FIRST = 'user';

/** The values of a user at the provider, by claim. */
const USER: Record<keyof ProfileClaims, string | boolean> = {
  sub: '70000001',
  name: 'Ada Lovelace',
  given_name: 'Ada',
  family_name: 'Lovelace',
  preferred_username: 'ada',
  email: 'ada@mail.example',
  email_verified: true,
  picture: 'https://cdn.example/ada.png',
  locale: 'en',
};

/** The answers of a provider to the requests of a profile, by source, and the claims that must come out of them. */
export interface ProfileAnswers {
  /** By the name of a request, or `token`, `callback`, `id_token`. */
  sources: Map<string, unknown>;
  claims: Record<string, string | boolean>;
}

/** Invents answers that contain a value for every claim of a profile. */
export function profileAnswers({ requests = [], claims = {} }: ProfileSettings): ProfileAnswers {
  const first = requests[0]?.name ?? (requests.length > 0 ? FIRST : 'token');
  const sources = new Map<string, unknown>(requests.map(({ name = FIRST }): [string, unknown] => [name, {}]));
  const placeholders = [...JSON.stringify(requests).matchAll(/\{([a-z_]+:[^{}]+)\}/g)].map(([, path = '']) => path);
  const writer = new AnswerWriter(sources, first);
  for (const path of placeholders) writer.put(path, '123');
  const expected: Record<string, string | boolean> = {};
  for (const [claim, source] of Object.entries(claims) as [keyof ProfileClaims, ClaimSource][]) {
    expected[claim] = writer.write(source, USER[claim]);
  }
  return { sources, claims: expected };
}

/** Writes values at paths. The first value of a path stays, and is the value of every claim with this path. */
class AnswerWriter {
  readonly #written = new Map<string, string | boolean>();

  constructor(
    readonly sources: Map<string, unknown>,
    readonly first: string,
  ) {}

  /** Writes a value where the source takes it from. Returns the value that the claim must have. */
  write(source: ClaimSource, value: string | boolean): string | boolean {
    if (typeof source === 'string') return this.put(source, value);
    if (Array.isArray(source)) return this.write(source[0] ?? '', value);
    if ('value' in source) return source.value;
    if ('exists' in source) return Boolean(this.put(source.exists, '2020-01-01T00:00:00Z'));
    if ('all' in source) return source.all.map((one) => this.write(one, true)).every(Boolean);
    if ('join' in source) return source.join.map((path, index) => this.put(path, `part${index}`)).join(' ');
    if ('equals' in source) {
      this.put(source.path, source.equals as string);
      return true;
    }
    if ('after' in source) {
      this.put(source.path, `/x${source.after}${String(value)}`);
      return value;
    }
    return source.template.replace(/\{([^{}]+)\}/g, (_, path: string, at: number) => {
      return String(this.put(path, at === 0 ? 'https://cdn.example/piece' : 'piece'));
    });
  }

  put(path: string, value: string | boolean): string | boolean {
    const [name, keys] = /^[a-z]\w*:/.test(path) ? splitAt(path, path.indexOf(':')) : [this.first, path];
    const full = `${name}:${keys}`;
    const present = this.#written.get(full);
    if (present !== undefined) return present;
    this.#written.set(full, value);
    this.sources.set(name, withValue(this.sources.get(name) ?? {}, keys.split(/\.|(?=\[\?)/), value));
    return value;
  }
}

function splitAt(text: string, index: number): [string, string] {
  return [text.slice(0, index), text.slice(index + 1)];
}

/** Returns the answer with a value at a path: in an object, in an array, or in the array's element with a flag. */
function withValue(answer: unknown, [key, ...rest]: string[], value: unknown): unknown {
  if (key === undefined) return value;
  const flag = /^\[\?(\w+)\]$/.exec(key)?.[1];
  if (flag !== undefined) {
    const [other, flagged = {}] = Array.isArray(answer) ? (answer as unknown[]) : [{ [flag]: false }];
    return [other, { ...(withValue(flagged, rest, value) as object), [flag]: true }];
  }
  if (/^\d+$/.test(key)) {
    const list: unknown[] = Array.isArray(answer) ? answer : [];
    list[Number(key)] = withValue(list[Number(key)] ?? {}, rest, value);
    return list;
  }
  const object = answer as Record<string, unknown>;
  return { ...object, [key]: withValue(object[key] ?? {}, rest, value) };
}

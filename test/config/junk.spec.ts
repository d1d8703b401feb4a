import { describe, expect, it } from '@jest/globals';
import { ConfigService } from '@nestjs/config';
import fc from 'fast-check';
import { inspect } from 'node:util';
import { OAuthConfigError, OAuthRegistry } from 'nestjs-oauth-client';
import { SCHEMAS } from '../../lib/config/settings-schema.js';
import { SettingsSources } from '../../lib/config/settings-sources.js';
import { snakeCase } from '../../lib/config/snake-case.js';
import { SessionStateStore } from '../../lib/state/session-state.js';
import type { ApplicationTokens } from '../../lib/token/application-tokens.js';

const KEY = 'AUTHLIB_OAUTH_CLIENTS';
const MARKER = 'm4rk3r';
const KEYS = [...Object.values(SCHEMAS).flatMap(({ keys }) => keys), 'appClass'];
const KWARGS = Object.values(SCHEMAS).flatMap(({ kwargs }) => kwargs);

const anything = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withObjectString: true,
  withSet: true,
  withSparseArray: true,
  withTypedArray: true,
});
const likelyValue = fc.oneof(
  fc.constantFrom('https://provider.test/', 'http://[', 'https://%zz', 'S256', 'RSA-SHA1', 'none', '', null, undefined),
  fc.constantFrom<unknown>(Symbol('junk'), () => undefined, new Proxy({}, {}), NaN, -0, Infinity),
  fc.webUrl(),
  fc.string({ unit: 'binary' }),
  anything,
);

function withKeys(names: string[], value: fc.Arbitrary<unknown>): fc.Arbitrary<object> {
  const key = fc.oneof(
    fc.constantFrom(...names),
    fc.constantFrom(...names.map(snakeCase)),
    fc.constantFrom('__proto__', 'constructor', 'prototype', 'toString'),
    fc.string(),
  );
  return fc.array(fc.tuple(key, value)).map((entries) => Object.fromEntries(entries));
}

const kwargs = withKeys(KWARGS, likelyValue);
const likelySettings = withKeys(KEYS, fc.oneof(likelyValue, kwargs));
const url = fc.oneof({ weight: 20, arbitrary: fc.webUrl({ validSchemes: ['https'] }) }, likelyValue);
const parameters = fc.oneof({ weight: 9, arbitrary: fc.dictionary(fc.string(), fc.string()) }, likelyValue);
/** Settings with every required key, and mostly with values of the right type. */
const clientLike = fc.record(
  {
    client_id: fc.string({ minLength: 1 }),
    authorize_url: url,
    access_token_url: url,
    client_secret: fc.oneof({ weight: 9, arbitrary: fc.string() }, likelyValue),
    request_token_url: url,
    refresh_token_url: url,
    api_base_url: url,
    authorize_params: parameters,
    access_token_params: parameters,
    client_kwargs: fc.oneof({ weight: 3, arbitrary: fc.record({ scope: fc.string() }) }, kwargs),
  },
  { requiredKeys: ['client_id', 'authorize_url', 'access_token_url'] },
);
const settings = fc.oneof(anything, likelySettings, { weight: 10, arbitrary: clientLike });
const name = fc.oneof(
  { weight: 4, arbitrary: fc.constant('dev') },
  fc.constantFrom('', '__proto__', 'constructor'),
  fc.string({ unit: 'binary' }),
);

const NO_TOKENS: ApplicationTokens = {
  finders: () => Promise.resolve({}),
  updateToken: () => undefined,
};

function registryOf(stored: unknown): OAuthRegistry {
  const sources = new SettingsSources(new ConfigService({ [KEY]: stored }), KEY);
  return new OAuthRegistry(sources, { tokens: NO_TOKENS, stateStore: new SessionStateStore() });
}

/** Runs the function, which may only throw an OAuthConfigError whose faults are sentences. */
function onlyConfigErrors(run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof OAuthConfigError)) throw error;
    expect(error.faults.length).toBeGreaterThan(0);
    for (const fault of error.faults) expect(fault).toMatch(/: ["\w]|an empty name/);
  }
}

describe('random input', () => {
  it('as settings results in usable clients or in an OAuthConfigError', () => {
    let built = 0;
    let refused = 0;
    fc.assert(
      fc.property(fc.oneof(fc.dictionary(name, settings, { maxKeys: 3 }), anything), (clients) => {
        onlyConfigErrors(() => {
          refused++;
          const registry = registryOf(clients);
          registry.registerAll([]);
          refused--;
          for (const known of registry.names) {
            expect(registry.get(known).name).toBe(known);
            built++;
          }
        });
      }),
      { numRuns: 700 },
    );
    expect(refused).toBeGreaterThan(20);
    expect(built).toBeGreaterThan(0);
  });

  it('as a registration in code results in a usable client or in an OAuthConfigError', () => {
    let built = 0;
    let refused = 0;
    fc.assert(
      fc.property(
        name,
        settings,
        fc.oneof(fc.constant({}), settings),
        fc.boolean(),
        (client, code, stored, overwrite) => {
          onlyConfigErrors(() => {
            refused++;
            const registry = registryOf({ [client]: stored });
            registry.register(client, code as never, { overwrite });
            refused--;
            expect(registry.get(client).name).toBe(client);
            built++;
          });
        },
      ),
      { numRuns: 1000 },
    );
    expect(refused).toBeGreaterThan(20);
    expect(built).toBeGreaterThan(0);
  });

  it('as JSON results in usable clients or in an OAuthConfigError', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.string(),
          settings.map((value) => JSON.stringify({ dev: value }, bigInts)),
        ),
        (text) => onlyConfigErrors(() => registryOf(text).registerAll([])),
      ),
      { numRuns: 1000 },
    );
  });

  it('never appears in the error message', () => {
    const secret = fc.constantFrom<unknown>(
      MARKER,
      [MARKER],
      { a: MARKER },
      { [MARKER]: MARKER },
      `https://u:${MARKER}@[`,
    );
    const secretKwargs = withKeys(KWARGS, secret);
    const secretClient = fc
      .tuple(withKeys(KEYS, fc.oneof(secret, secretKwargs)), fc.boolean())
      .map(([client, valid]) => (valid ? client : { ...client, request_token_url: 'https://provider.test/' }))
      .map(({ ...client }) => withoutParameterNames(client));
    fc.assert(
      fc.property(secretClient, secretClient, (code, stored) => {
        try {
          registryOf({ dev: stored }).register('dev', code);
        } catch (error) {
          expect(error).toBeInstanceOf(OAuthConfigError);
          expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(MARKER);
        }
      }),
      { numRuns: 700 },
    );
  });
});

function bigInts(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

/** Removes the properties whose key is the marker, because error messages contain keys. */
function withoutParameterNames(value: object): object {
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== MARKER)
      .map(([key, inner]: [string, unknown]) => [
        key,
        typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? withoutParameterNames(inner) : inner,
      ]),
  );
}

import { readdirSync, readFileSync } from 'node:fs';

const FOLDER = 'test/presets/fixtures';

/** The answers of a provider in the form of its documentation, with invented values, and the expected user. */
export interface Fixture {
  /** The token response. */
  token: Record<string, unknown>;
  /** @default 'json'; always a form with OAuth 1 */
  tokenFormat?: 'json' | 'form';
  /** Claims of the id_token, besides those that every id_token has. */
  idToken?: Record<string, unknown>;
  /** Further parameters of the callback. */
  callback?: Record<string, string>;
  /** Values of variables, instead of the examples in the preset. */
  variables?: Record<string, string>;
  /** Answers by method and URL without its query; `GET userinfo` for OpenID Connect. A string is sent unchanged. */
  answers?: Record<string, unknown>;
  /** The requests of a login, an API call, a refresh and a revocation, in their order. Random values are in angle brackets. */
  requests: string[];
  /** The claims of the user without `raw`, or null if the provider has no stable identifier. */
  userInfo: Record<string, unknown> | null;
  /** Parameters of the callback that the token keeps. */
  kept?: Record<string, string>;
  /** Whether a callback with a wrong signature must be refused. */
  isCallbackSigned?: boolean;
  /** Other users: those who lack fields, for example. */
  others?: (Partial<Fixture> & Pick<Fixture, 'userInfo'>)[];
}

/** Returns the fixtures, by the name of their preset. */
export function fixtures(): [name: string, fixture: Fixture][] {
  return readdirSync(FOLDER).map((file) => [
    file.replace('.json', ''),
    JSON.parse(readFileSync(`${FOLDER}/${file}`, 'utf8')) as Fixture,
  ]);
}

/** A variable in the URLs of a preset, such as Auth0's `{domain}`. */
export interface PresetVariable {
  /** What the value is, and where to find it. */
  description: string;
  /**
   * The kind of the value, which determines its pattern:
   *
   * - `label`: one label of a host name or one segment of a path (`my-store`);
   * - `host`: a host name with an optional port (`dev-123.okta.com`);
   * - `url`: an http or https URL without credentials, query and fragment (`https://sso.example.com/auth`);
   * - `text`: any other value, which needs a pattern.
   */
  kind: 'label' | 'host' | 'url' | 'text';
  /** A narrower pattern of the whole value, such as `^(eu|com|in)$`. */
  pattern?: string;
  example: string;
  /** Used if the client does not set the variable. */
  default?: string;
}

/** Facts about a provider, and the settings of its clients. */
export interface Preset {
  /** The name of the provider, to show to people. */
  title: string;
  /** Where to register an application. */
  docs?: string;
  /** The number of independent projects that have these endpoints. A preset with one source is unconfirmed. */
  sources: number;
  /** Whether a person compared the data with the code of the sources. */
  reviewed: boolean;
  /** The date of the last check, as `YYYY-MM-DD`. */
  checked: string;
  /** `required`: every project sends PKCE. `supported`: some do. Clients use PKCE with every provider. */
  pkce?: 'required' | 'supported';
  variables?: Record<string, PresetVariable>;
  /** The settings of a client, in camelCase. `{name}` is replaced by the variable `name`. */
  settings: Record<string, unknown>;
  /** Differences from other providers, and reasons for the choice of the data, in full sentences. */
  notes?: string[];
}

/** A provider that was shut down. */
export interface DeadPreset {
  title: string;
  /** What happened, as the end of a sentence: `was shut down in 2019`. */
  dead: string;
  /** The name of the preset to use instead. */
  use?: string;
}

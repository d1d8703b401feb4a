/** Options that combine the settings in code with the application's settings. */
export interface RegisterOptions {
  /**
   * Adds the application's settings for the client's name: the entry under the config key, `{NAME}_CLIENT_ID` and
   * `{NAME}_CLIENT_SECRET`. Settings in code take precedence. By default, a client that is registered at run time does not read
   * the application's settings, because a tenant may have chosen its name.
   * @default false
   */
  readSettings?: boolean;
  /**
   * Like `readSettings`, but the application's settings take precedence for each key. `*Params` and `clientKwargs` are merged.
   * @default false
   */
  overwrite?: boolean;
  /**
   * Replaces an existing client with this name. By default, registering a name that is in use throws.
   * @default false
   */
  replace?: boolean;
}

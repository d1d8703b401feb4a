/** How code and settings of one client are put together. */
export interface RegisterOptions {
  /**
   * Puts the client together with what the application's settings have under its name: the entry under the config key, and
   * `{NAME}_CLIENT_ID` and `{NAME}_CLIENT_SECRET`. What code gives wins. By default a client that is registered at run time
   * reads none of them, because its name may be a tenant's choice.
   * @default false
   */
  readSettings?: boolean;
  /**
   * As `readSettings`, but the settings win, key by key, and `*Params` and `clientKwargs` are merged.
   * @default false
   */
  overwrite?: boolean;
  /**
   * Replaces the client of the same name. Without it, registering a name that is in use throws.
   * @default false
   */
  replace?: boolean;
}

/**
 * Where pending logins are kept on the server, such as Redis, for all processes. The library binds each login to its browser
 * and encrypts it with a key that only the browser has, so that a storage has nothing to protect: `id` and `value` are
 * printable ASCII without spaces. `loginStorageContract()` of `nestjs-oauth-client/testing` checks a storage.
 */
export interface LoginStorage {
  /** Keeps a value for a number of seconds. */
  set(id: string, value: string, ttlSeconds: number): Promise<unknown>;
  /**
   * Removes a value and returns it, atomically: of several calls at once, one receives it. Returns nothing when there is none
   * or its time is over.
   */
  take(id: string): Promise<string | null | undefined>;
  /** Returns whether there is a value. */
  has(id: string): Promise<boolean>;
}

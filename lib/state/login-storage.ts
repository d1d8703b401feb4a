/**
 * A storage on the server, such as Redis, in which all processes keep pending logins. The library binds each login to its
 * browser, and encrypts it with a key that only the browser has, so a storage contains no readable secrets. `id` and `value`
 * are printable ASCII without spaces. `loginStorageContract()` of `nestjs-oauth-client/testing` checks a storage.
 */
export interface LoginStorage {
  /** Stores a value for `ttlSeconds` seconds. */
  set(id: string, value: string, ttlSeconds: number): Promise<unknown>;
  /**
   * Removes a value and returns it, atomically: only one of several concurrent calls receives the value. Returns null or
   * undefined when the value does not exist or is expired.
   */
  take(id: string): Promise<string | null | undefined>;
  /** Returns whether the value exists. */
  has(id: string): Promise<boolean>;
}

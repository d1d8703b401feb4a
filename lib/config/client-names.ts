import { nameFaults, prefixKey, variablePrefix } from './client-name.js';

/** The names of registered and pending clients. No two clients read a variable of the other. */
export class ClientNames {
  /** Names by the key of their variables' prefix. */
  readonly #taken = new Map<string, string>();
  readonly #reserved = new Map<string, string>();

  /** Returns why a client cannot have this name. With `replace`, the name of an existing client is allowed. */
  faults(name: string, replace = false): string[] {
    const wrongName = nameFaults(name);
    if (wrongName.length > 0) return wrongName;
    const key = prefixKey(name);
    const reserved = this.#reserved.get(key);
    const taken = this.#taken.get(key);
    if (reserved === undefined && taken === undefined) return [];
    const other = [reserved, taken].find((known) => known !== undefined && known !== name);
    if (other !== undefined) {
      const prefix = variablePrefix(name);
      return [
        `${name}: conflicts with the client "${other}", because both read ${prefix}_CLIENT_ID and ` +
          `${prefix}_CLIENT_SECRET. Rename one of them`,
      ];
    }
    if (reserved !== undefined)
      return [
        `${name}: a client of this name is being registered at its provider. Wait until the registration is finished`,
      ];
    if (taken === undefined || replace) return [];
    return [`${name}: a client of this name exists. Choose another name, or pass replace: true to replace it`];
  }

  take(name: string): void {
    this.#taken.set(prefixKey(name), name);
  }

  release(name: string): void {
    const key = prefixKey(name);
    if (this.#taken.get(key) === name) this.#taken.delete(key);
  }

  /** Reserves a name for a pending client. Returns a function that ends the reservation. */
  reserve(name: string): () => void {
    const key = prefixKey(name);
    this.#reserved.set(key, name);
    return () => this.#reserved.delete(key);
  }
}

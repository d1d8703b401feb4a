import { RefusedInput } from '../wire/refused-input.js';

/** Thrown when no key of the provider can have signed a JWT. The message lists the provider's keys. */
export class NoFittingKey extends RefusedInput {
  constructor(
    /** The header of the JWT, which describes its key. */
    readonly header: { readonly alg?: string; readonly kid?: string },
    message: string,
  ) {
    super(message);
  }
}

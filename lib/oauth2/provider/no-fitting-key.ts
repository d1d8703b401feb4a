import { RefusedInput } from '../wire/refused-input.js';

/** No key of the provider can have signed a JWT. The message says which keys there are. */
export class NoFittingKey extends RefusedInput {
  constructor(
    /** What the JWT says of its key. */
    readonly header: { readonly alg?: string; readonly kid?: string },
    message: string,
  ) {
    super(message);
  }
}

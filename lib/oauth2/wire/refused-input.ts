/** Thrown when a check of this library refuses input from outside. The message never quotes the input, so errors may repeat it. */
export class RefusedInput extends Error {
  override readonly name = 'RefusedInput';
}

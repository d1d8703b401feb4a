/** Input from outside that one of our own checks refused. Its message never quotes the input, so an error may repeat it. */
export class RefusedInput extends Error {
  override readonly name = 'RefusedInput';
}

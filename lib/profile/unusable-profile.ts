/** Thrown when a part of a profile cannot be read. The message never quotes a value, so errors may repeat it. */
export class UnusableProfile extends Error {
  override readonly name = 'UnusableProfile';
}

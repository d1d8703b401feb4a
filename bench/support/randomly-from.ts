/** The number of choices before they repeat. A power of two. */
const CHOICES = 1 << 14;

/** Returns a function that returns random items. The choices are made in advance, so that they take no time of an operation. */
export function randomlyFrom<Item>(items: readonly Item[]): () => Item {
  const choices = Array.from({ length: CHOICES }, () => items[Math.floor(Math.random() * items.length)]!);
  let next = 0;
  return () => choices[next++ & (CHOICES - 1)]!;
}

/** The results of `each` for all items, in their order, with `concurrency` of them under way. */
export async function concurrently<Item, Result>(
  items: readonly Item[],
  each: (item: Item) => Promise<Result>,
  concurrency: number,
): Promise<Result[]> {
  const results = new Array<Result>(items.length);
  const pending = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of pending) results[index] = await each(item);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return results;
}

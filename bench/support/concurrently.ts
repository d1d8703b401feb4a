/** Calls `each` for all items, at most `concurrency` at a time. Returns the results in the order of the items. */
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

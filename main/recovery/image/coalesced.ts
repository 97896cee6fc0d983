/** Joins neighbours of a sequence, without losing the last when the sequence breaks off. */

/**
 * Hands out items, each joined with those that follow it as long as `join` gives one for both.
 * What `items` throws is thrown after the item that was being joined.
 */
export async function* coalesced<Item>(
  items: AsyncIterable<Item> | Iterable<Item>,
  join: (item: Item, next: Item) => Item | null,
): AsyncGenerator<Item, void, undefined> {
  let pending: Item | null = null;
  try {
    for await (const item of items) {
      const both: Item | null = pending === null ? item : join(pending, item);
      if (pending !== null && both === null) yield pending;
      pending = both ?? item;
    }
  } catch (thrown) {
    if (pending !== null) yield pending;
    throw thrown;
  }
  if (pending !== null) yield pending;
}

/** Gives other work of the process its turn: long walks over what is in memory would else never let go of it. */
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Milliseconds after which others have their turn. */
const LONGEST_TURN = 15;

/** The same items, with a pause for others from time to time. */
export async function* inTurns<T>(items: AsyncIterable<T> | Iterable<T>): AsyncGenerator<T, void, undefined> {
  let began = performance.now();
  for await (const item of items) {
    yield item;
    if (performance.now() - began < LONGEST_TURN) continue;
    await nextTurn();
    began = performance.now();
  }
}

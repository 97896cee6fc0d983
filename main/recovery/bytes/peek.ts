/** Looks at the beginning of a stream without taking it away. */

/** The whole of a stream that was looked at; ending it ends the stream, also when it was never begun. */
export interface Whole extends AsyncIterableIterator<Uint8Array> {
  return(): Promise<IteratorResult<Uint8Array>>;
}

/** The first bytes of `stream`, at least `length` where it has them, and the whole stream again. */
export async function peek(
  stream: AsyncIterable<Uint8Array>,
  length: number,
): Promise<{ readonly head: Uint8Array; readonly whole: Whole }> {
  const pieces = stream[Symbol.asyncIterator]();
  const taken: Uint8Array[] = [];
  for (let have = 0; have < length;) {
    const next = await pieces.next();
    if (next.done) break;
    taken.push(new Uint8Array(next.value));
    have += next.value.length;
  }
  const head = Buffer.concat(taken);
  const whole: Whole = {
    [Symbol.asyncIterator]: () => whole,
    next: async () => {
      const value = taken.shift();
      return value ? { done: false, value } : pieces.next();
    },
    return: async () => {
      taken.length = 0;
      await pieces.return?.();
      return { done: true, value: undefined };
    },
  };
  return { head, whole };
}

/** Looks at the beginning of a stream without taking it away. */

/** The first bytes of `stream`, at least `length` where it has them, and the whole stream again. */
export async function peek(stream: AsyncIterable<Uint8Array>, length: number) {
  const pieces = stream[Symbol.asyncIterator]();
  const head: Uint8Array[] = [];
  for (let have = 0; have < length;) {
    const next = await pieces.next();
    if (next.done) break;
    head.push(new Uint8Array(next.value));
    have += next.value.length;
  }
  async function* whole() {
    try {
      yield* head;
      for (let next = await pieces.next(); !next.done; next = await pieces.next()) yield next.value;
    } finally {
      await pieces.return?.();
    }
  }
  return { head: Buffer.concat(head), whole: whole() };
}

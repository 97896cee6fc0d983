/** Reads a stream to its end for what happens on the way. */
export async function drain(stream: AsyncIterable<Uint8Array>): Promise<void> {
  const pieces = stream[Symbol.asyncIterator]();
  while ((await pieces.next()).done !== true);
}

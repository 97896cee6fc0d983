/** Gives memory back at once, where waiting for the garbage collector would have it collect for nothing else. */

/**
 * Frees the memory of `bytes`, which nobody may look at any more. Streams of gigabytes go through buffers that are used
 * once; each of them would be new memory to the system, and every few dozen of them a collection of all garbage.
 */
export function free({ buffer }: Uint8Array): void {
  // Node 20, which the single file runs on as well, has no `transfer`: there it is collected.
  if (buffer instanceof ArrayBuffer && 'transfer' in buffer) buffer.transfer(0);
}

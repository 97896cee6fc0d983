/** Gives memory back at once, where waiting for the garbage collector would have it collect for nothing else. */

/** What every buffer is to Node from 21 on. */
interface Transferable {
  transfer?(length: number): unknown;
}

/**
 * Frees the memory of `bytes`, which nobody may look at any more. Streams of gigabytes go through buffers that are used
 * once; each of them would be new memory to the system, and every few dozen of them a collection of all garbage.
 */
export function free({ buffer }: Uint8Array): void {
  // Node 20, which the command line runs on as well, has no `transfer`: there it is collected.
  (buffer as Transferable).transfer?.(0);
}

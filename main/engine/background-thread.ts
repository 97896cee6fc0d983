/** Lets the threads that derive keys stand back behind those that read, decode and write. */
import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';

/** Half of the way to the lowest priority: a ninth of the processor time that a thread of common priority gets. */
const niceness = 10;

/**
 * Makes the calling thread wait for others where the processors are busy, so that what is decrypted does not pile up
 * behind keys that nobody needs yet. Only Linux gives each thread a priority of its own, and tells it its
 * number; elsewhere nothing happens.
 */
export function standBack(): void {
  if (process.platform !== 'linux') return;
  try {
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
    if (Number.isInteger(thread) && thread !== process.pid) setPriority(thread, niceness);
  } catch {
    // It is a kindness between threads; all works without it.
  }
}

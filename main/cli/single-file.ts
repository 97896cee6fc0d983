/**
 * The whole command line as one file (`npm run build:cli`), to be carried anywhere and run by a plain Node. The same
 * file is what its engine's process and their threads are started with, by the name of the entry that each is.
 */
import { isMainThread } from 'node:worker_threads';

/** What is started through `entryPoint`, by the names it gives them. */
const entries: ReadonlyMap<string | undefined, () => Promise<unknown>> = new Map([
  ['engine-process', () => import('../engine/engine-process.ts')],
  ['lane-worker', () => import('../engine/lane-worker.ts')],
  ['chunk-worker', () => import('../engine/chunk-worker.ts')],
  ['decoding-thread', () => import('../recovery/archive/decoders/decoding-thread.ts')],
]);

// A person who types the name of an entry is told that there is no such command.
const isStartedByItself = !isMainThread || process.send !== undefined;
const entry = isStartedByItself ? entries.get(process.argv[2]) : undefined;
void (entry ?? (() => import('./lifeboat.ts')))();

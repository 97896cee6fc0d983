/** How much memory the engine takes when nobody says, and how it is shared between buffers and derivations. */
const mebibyte = 1024 * 1024;

/**
 * Half of what is free to this process, be it confined to less than the computer has, which leaves the person's other
 * programs theirs; and enough to work with at all.
 */
export function defaultMemory(): number {
  return Math.max(256 * mebibyte, Math.floor(process.availableMemory() / 2));
}

/** A stream holds one chunk that is consumed and one that is opened meanwhile, of 100 MiB each. */
const bytesPerStream = 2 * 100 * mebibyte;

/** What derivations get at least: lanes of 1 GiB then still finish, by recomputing rows. */
const leastForDerivations = 160 * mebibyte;

export interface MemoryShares {
  /** Files restored at once. */
  readonly streams: number;
  /** Bytes for all lanes being mixed. */
  readonly derivations: number;
}

/** Shares `memory` bytes between the buffers of at most `jobs` streams and the derivations. */
export function shareMemory(memory: number, jobs: number): MemoryShares {
  const streams = Math.max(1, Math.min(jobs, Math.floor((memory - leastForDerivations) / bytesPerStream)));
  return { streams, derivations: Math.max(leastForDerivations, memory - streams * bytesPerStream) };
}

/** Measures a running restore: bytes, speed and time left, told eight times a second. */
import type { RestoreProgress, RestoreStage } from '../../shared/backup.ts';
import type { PlannedFile, RestorePlan } from '../recovery/restore/plan.ts';

/** Milliseconds between two words, whatever happens: at most ten a second are promised, also to who hears some late. */
const interval = 125;

/**
 * Speed is averaged over about this many seconds. A chunk of 100 MiB is consumed in less than one and then the next
 * key may take twenty: over a shorter time the estimate would swing with every chunk.
 */
const averagingSeconds = 60;

/** Times shorter than this are no measure of speed, and counted with the next. */
const shortestSample = 0.05;

/** Nothing is estimated before so much time has passed with something done. */
const secondsBeforeEstimate = 3;

/** Bytes per second and seconds left; null while too little has been seen. */
export interface Estimate {
  readonly bytesPerSecond: number | null;
  readonly secondsLeft: number | null;
}

/** An exponentially weighted speed; time spent paused does not count. */
export class SpeedEstimator {
  #rate: number | null = null;
  #elapsed = 0;
  #pendingBytes = 0;
  #pendingSeconds = 0;

  /** Counts `bytes` done over `seconds` of work. What precedes the first byte says nothing of the speed. */
  add(bytes: number, seconds: number): void {
    this.#pendingBytes += bytes;
    if (this.#rate === null && this.#pendingBytes === 0) return;
    this.#pendingSeconds += seconds;
    if (this.#pendingSeconds < shortestSample) return;

    const latest = this.#pendingBytes / this.#pendingSeconds;
    this.#elapsed += this.#pendingSeconds;
    const weight = 1 - Math.exp(-this.#pendingSeconds / Math.min(averagingSeconds, this.#elapsed));
    this.#rate = this.#rate === null ? latest : this.#rate + weight * (latest - this.#rate);
    this.#pendingBytes = 0;
    this.#pendingSeconds = 0;
  }

  estimate(bytesLeft: number): Estimate {
    if (this.#rate === null || this.#rate < 1 || this.#elapsed < secondsBeforeEstimate) {
      return { bytesPerSecond: null, secondsLeft: null };
    }
    return { bytesPerSecond: Math.round(this.#rate), secondsLeft: Math.ceil(bytesLeft / this.#rate) };
  }
}

export class ProgressMeter {
  readonly #totalBytes: number;
  readonly #tell: (progress: RestoreProgress) => void;
  readonly #speed = new SpeedEstimator();
  readonly #active = new Map<PlannedFile, number>();
  readonly #timer: NodeJS.Timeout;
  #stage: RestoreStage = 'deriving';
  #paused = false;
  #doneBytes = 0;
  #countedBytes = 0;
  #lastCount = performance.now();

  constructor(plan: RestorePlan, tell: (progress: RestoreProgress) => void) {
    this.#totalBytes = plan.files.reduce((sum, file) => sum + file.stored.storedBytes, 0);
    this.#tell = tell;
    this.#timer = setInterval(() => this.#tick(), interval);
    this.#tick();
  }

  started(file: PlannedFile): void {
    this.#active.set(file, 0);
  }

  progressed(file: PlannedFile, storedBytes: number): void {
    if (this.#stage === 'deriving') this.#stage = 'restoring';
    this.#doneBytes += storedBytes;
    this.#active.set(file, (this.#active.get(file) ?? 0) + storedBytes);
  }

  /** A file that failed half way counts as done with all its bytes: nothing more will come of it. */
  finished(file: PlannedFile): void {
    const rest = file.stored.storedBytes - (this.#active.get(file) ?? 0);
    this.#doneBytes += rest;
    // Done they are, but not by any speed.
    this.#countedBytes += rest;
    this.#active.delete(file);
  }

  finishing(): void {
    this.#stage = 'finishing';
  }

  set paused(paused: boolean) {
    this.#count();
    this.#paused = paused;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Counts what was done since the last time towards the speed, unless paused. */
  #count(): void {
    const now = performance.now();
    if (!this.#paused) this.#speed.add(this.#doneBytes - this.#countedBytes, (now - this.#lastCount) / 1000);
    this.#countedBytes = this.#doneBytes;
    this.#lastCount = now;
  }

  #tick(): void {
    this.#count();
    this.#tell({
      stage: this.#stage,
      paused: this.#paused,
      doneBytes: this.#doneBytes,
      totalBytes: this.#totalBytes,
      ...this.#speed.estimate(this.#totalBytes - this.#doneBytes),
      active: [...this.#active].map(([file, doneBytes]) => ({
        qube: file.qube,
        file: file.name,
        doneBytes,
        totalBytes: file.stored.storedBytes,
      })),
    });
  }
}

/** Tells V8 how to compile the mixing of lanes: for the widest registers, and as it is to run from the first call on. */
import v8 from 'node:v8';

/** The first V8 whose compiler for WebAssembly can join two operations of 128 bits into one, and the first that calls it so. */
const [firstAble, firstRenamed] = [13, 15];

/** The first V8 that compiles on suspicion, to take it back where the other compiler's code saw something else. */
const firstSuspecting = 14;

/**
 * Has modules that are compiled from here on in this process optimised at once, so that the self-test runs the very code
 * that derives, and use AVX2 where the processor has it: two lanes then go through one register, which makes four lanes
 * faster by a third. V8 does so only when asked; the self-test is what tells whether it did right. Builds for other
 * processors and for macOS do not know this option, and say so on standard error.
 */
export function setCompilerOptions(): void {
  v8.setFlagsFromString('--no-liftoff');
  const version = Number.parseInt(process.versions.v8, 10);
  // That compiler is off now, and V8 14.6 aborts where it finds nothing that was seen.
  if (version >= firstSuspecting) v8.setFlagsFromString('--no-wasm-deopt');
  const known = process.arch === 'x64' && process.platform !== 'darwin';
  if (!known || version < firstAble) return;
  v8.setFlagsFromString(version < firstRenamed ? '--experimental-wasm-revectorize' : '--wasm-revectorize');
}

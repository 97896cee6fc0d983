/** Lets V8 compile WebAssembly for registers of 256 bits, which the 128 of its instructions leave half empty. */
import v8 from 'node:v8';

/** The first V8 whose compiler for WebAssembly can join two operations of 128 bits into one. */
const firstAble = 13;

/**
 * Has modules that are compiled from here on in this process use AVX2 where the processor has it: two lanes then go
 * through one register, which makes four lanes faster by a third. V8 does so only when asked; the self-test is what
 * tells whether it did right. Builds for other processors and for macOS do not know the option, and say so on
 * standard error.
 */
export function allowWideRegisters(): void {
  const known = process.arch === 'x64' && process.platform !== 'darwin';
  if (known && Number.parseInt(process.versions.v8, 10) >= firstAble) {
    v8.setFlagsFromString('--experimental-wasm-revectorize');
  }
}

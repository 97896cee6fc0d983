/** Loads the WebAssembly of `assembly/`, each instance with a memory of its own. */

const pageLength = 64 * 1024;

/** Modules stay compiled, for what the engine learned about a module to run it fast belongs to that. */
const compiled = new Map<string, WebAssembly.Module>();

/** How many pages of WebAssembly memory hold `length` bytes. */
export function pagesFor(length: number): number {
  return Math.ceil(length / pageLength);
}

/**
 * Makes an instance of the module in `base64`, with a memory that has `initial` pages and may grow to `maximum`, and that
 * other threads see if it is `shared`, as the module must have been compiled for.
 */
export function instantiate(base64: string, initial: number, maximum: number, shared = false) {
  const module = compiled.get(base64) ?? new WebAssembly.Module(Buffer.from(base64, 'base64'));
  compiled.set(base64, module);
  const memory = new WebAssembly.Memory({ initial, maximum, shared });
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  return { exports: instance.exports, memory };
}

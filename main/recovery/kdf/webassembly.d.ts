/**
 * The part of the WebAssembly API that the mixer and the decoders use: Node's type definitions leave it to the DOM's, which do not
 * belong here.
 */
declare namespace WebAssembly {
  function validate(bytes: Uint8Array): boolean;

  type Module = object;
  const Module: new (bytes: Uint8Array) => Module;

  class Memory {
    constructor(limits: { readonly initial: number; readonly maximum: number; readonly shared?: boolean });
    readonly buffer: ArrayBuffer;
  }

  class Instance {
    constructor(module: Module, imports: { readonly env: { readonly memory: Memory } });
    readonly exports: unknown;
  }
}

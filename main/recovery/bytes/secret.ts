/** Memory for secrets: passphrases and keys, which are overwritten after use. */

/**
 * `length` zero bytes outside the heap of the script engine. Arrays of up to 64 bytes lie inside it otherwise, where
 * the garbage collector moves them and leaves their bytes at the old place; overwriting would then miss those.
 */
export function secretBytes(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new ArrayBuffer(length));
}

/** A copy of `bytes` in such memory. */
export function secretCopy(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = secretBytes(bytes.length);
  copy.set(bytes);
  return copy;
}

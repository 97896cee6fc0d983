/** The module of the xz and .lzma decoders (AssemblyScript). */
export * from './lzma';
export * from './crc64';

/**
 * Builds the WebAssembly of the library out of its AssemblyScript, and keeps each module as text in a module of
 * TypeScript: so it is found alike from source, in the built tree, in an asar and in a single file.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { maxLanes } from '../main/recovery/kdf/derivation.ts';
import { standingPieces } from '../main/recovery/archive/decoder.ts';
import { compileAssembly, type Assembly } from './compile-assembly.ts';
import { rowMixers } from './row-mixers.ts';

const library = path.join(import.meta.dirname, '../main/recovery');
const decoders = path.join(library, 'archive/decoders');
// Each instance gets a memory of its own, so the zeros of its buffers need not be part of the module.
const memory = ['--importMemory', '--noExportMemory', '--zeroFilledMemory'];
const common = ['-O3', '--noAssert', '--runtime', 'stub', ...memory];

interface Module extends Omit<Assembly, 'folder' | 'entry'> {
  /** Name of the module, of its first source and of what it exports. */
  readonly name: string;
  /** The room that it is for. */
  readonly room: string;
}

const modules: readonly Module[] = [
  {
    name: 'smix',
    room: path.join(library, 'kdf'),
    generated: {
      'lane-count.ts': `export const maxLanes: u32 = ${maxLanes};`,
      'row-mixers.ts': rowMixers(maxLanes),
    },
    options: [...common, '--enable', 'simd', '--initialMemory', '1'],
  },
  ...['xz', 'bzip2'].map((name) => ({ name, room: decoders, options: [...common, '--converge'] })),
  {
    name: 'inflate',
    room: decoders,
    generated: { 'standing-pieces.ts': `export const STANDING_PIECES: u32 = ${standingPieces};` },
    options: [...common, '--converge', '--enable', 'threads', '--sharedMemory', '--maximumMemory', '65536'],
  },
];

for (const { name, room, ...assembly } of modules) {
  const wasm = await compileAssembly({
    ...assembly,
    folder: path.join(room, 'assembly'),
    entry: `${name}.ts`,
  });
  const text = [
    `/** The module ${name} in base64: built by \`scripts/build-wasm.ts\` from \`assembly/\`. */`,
    `export const ${name}Wasm =`,
    `  '${wasm.toString('base64')}';`,
    '',
  ];
  writeFileSync(path.join(room, `${name}.wasm.ts`), text.join('\n'));
}

/**
 * Compiles the AssemblyScript of the library to WebAssembly, and keeps each module as text in a module of TypeScript: so
 * it is found alike from source, in the built tree, in an asar and in a single file. Run as `node scripts/build-wasm.ts`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import asc from 'assemblyscript/asc';
import './build-kernel.ts';

const decoders = path.join(import.meta.dirname, '../main/recovery/archive/decoders');

for (const name of ['xz', 'bzip2']) {
  const wasm = await compile(name);
  const text = [
    `/** The decoder of ${name} in base64: built by \`scripts/build-wasm.ts\` from \`assembly/${name}.ts\`. */`,
    `export const ${name}Wasm =`,
    `  '${wasm.toString('base64')}';`,
    '',
  ];
  writeFileSync(path.join(decoders, `${name}.wasm.ts`), text.join('\n'));
}

async function compile(name: string): Promise<Buffer> {
  let output: Buffer | undefined;
  let messages = '';
  const memory = ['--importMemory', '--noExportMemory'];
  const { error } = await asc.main(
    [
      `${name}.ts`,
      '--outFile',
      `${name}.wasm`,
      '-O3',
      '--converge',
      '--noAssert',
      '--runtime',
      'stub',
      ...memory,
    ],
    {
      readFile: readSource,
      writeFile: (_name, contents) => {
        output = Buffer.from(contents);
      },
      listFiles: () => [],
      stderr: {
        write(chunk) {
          messages += chunk.toString();
        },
      },
    },
  );
  if (error || !output) throw new Error(`AssemblyScript refused ${name}\n${messages}`, { cause: error });
  return output;
}

/** The compiler probes several names for each import; a missing file is its answer to that. */
function readSource(name: string): string | null {
  try {
    return readFileSync(path.join(decoders, 'assembly', name), 'utf8');
  } catch {
    return null;
  }
}

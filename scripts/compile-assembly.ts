/** Compiles AssemblyScript to WebAssembly in memory, by the compiler that npm brings. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

/** The part of the compiler that is used. Its own types would change those of arrays for the whole program. */
interface Compiler {
  main(
    options: readonly string[],
    host: {
      readFile(name: string): string | null;
      writeFile(name: string, contents: Uint8Array | string): void;
      listFiles(): readonly string[];
      readonly stderr: { write(chunk: Uint8Array | string): void };
    },
  ): Promise<{ readonly error: Error | null }>;
}

export interface Assembly {
  /** The folder of the sources. */
  readonly folder: string;
  /** The source to start from, in that folder. */
  readonly entry: string;
  /** Sources that exist as text only, by name. */
  readonly generated?: Readonly<Record<string, string>>;
  readonly options: readonly string[];
}

/** The module that `assembly` compiles to. Throws what the compiler says of a mistake in it. */
export async function compileAssembly({ folder, entry, generated, options }: Assembly): Promise<Buffer> {
  const compilerName: string = 'assemblyscript/asc';
  const { default: compiler } = (await import(compilerName)) as { default: Compiler };
  let output: Buffer | undefined;
  let messages = '';
  const { error } = await compiler.main([entry, '--outFile', 'module.wasm', ...options], {
    readFile: (name) => generated?.[name] ?? readSource(path.join(folder, name)),
    writeFile: (_name, contents) => {
      output = Buffer.from(contents as Uint8Array);
    },
    listFiles: () => [],
    stderr: { write: (chunk) => (messages += chunk.toString()) },
  });
  if (error || !output) throw new Error(`AssemblyScript refused ${entry}\n${messages}`, { cause: error });
  return output;
}

/** The compiler probes several names for each import; a missing file is its answer to that. */
function readSource(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

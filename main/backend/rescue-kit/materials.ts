/** What a rescue kit carries that is no text of its own: the program as one file, and the description of the formats. */
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';

/** Put here when the single file is built, which has no documents beside it. */
declare const bundledFormats: string | undefined;

export interface Materials {
  readonly program: Uint8Array;
  readonly formats: string;
}

/** Where the two lie: seen from the sources, from the modules that are built of them, and from the few of `npx lifeboat`. */
const places = {
  '.ts': { program: '../../../dist/lifeboat.mjs', formats: '../../../docs/format.md' },
  '.js': { program: '../../../lifeboat.mjs', formats: '../../../../docs/format.md' },
  '.mjs': { program: '../lifeboat.mjs', formats: '../../docs/format.md' },
} as const;

/** Reads both; the single file gives itself, under whatever name it goes. */
export async function readMaterials(): Promise<Materials> {
  const here = import.meta.url;
  if (typeof bundledFormats === 'string') {
    return { program: await readFile(new URL(here)), formats: bundledFormats };
  }
  const { program, formats } = places[extname(here) as keyof typeof places];
  return {
    program: await readFile(new URL(program, here)),
    formats: withoutTests(await readFile(new URL(formats, here), 'utf8')),
  };
}

/** The last section lists the tests of this project, which open nobody's backup. */
export function withoutTests(formats: string): string {
  return formats.slice(0, formats.indexOf('\n## What is tested') + 1);
}

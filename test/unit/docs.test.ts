/** The documents against the program: what they list is what there is. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { variants } from '../fixtures/variants.ts';

const project = join(import.meta.dirname, '../..');

test('docs/format.md lists every variant that is tested, in the words of the table', async () => {
  const document = await readFile(join(project, 'docs/format.md'), 'utf8');
  for (const { file, special } of variants) {
    expect(document).toContain(`| \`${file.replace('.backup', '')}\` | ${special} |`);
  }
});

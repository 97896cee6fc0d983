/** Promises of the public workflow, which runs nowhere but where it is published. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

test('the workflow has each job once, and waits only for jobs that it has', async () => {
  const workflow = await readFile(join(import.meta.dirname, '../../.github/workflows/ci.yml'), 'utf8');
  const jobs = workflow.slice(workflow.indexOf('\njobs:\n'));
  const names = [...jobs.matchAll(/^ {2}([\w-]+):$/gm)].map(([, name]) => name);
  expect(names).toContain('linux');
  expect(names.toSorted()).toEqual([...new Set(names)].sort());
  const awaited = [...jobs.matchAll(/^ {4}needs: \[?([\w, -]+)\]?$/gm)].flatMap(([, list = '']) =>
    list.split(', '),
  );
  expect(awaited.length).toBeGreaterThan(0);
  expect(names).toEqual(expect.arrayContaining(awaited));
});

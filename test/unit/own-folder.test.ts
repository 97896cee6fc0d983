/** Promises of the folders in which copies and kits grow: what a killed run left in them is cleared, or put back. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { OwnFolder } from '../../main/recovery/writing/own-folder.ts';
import { filesBelow, scratchFolder } from '../support/lifeboat.ts';
import { writeTree } from '../support/trees.ts';

let folder: string;
beforeEach(async () => {
  folder = await scratchFolder();
});

/** What a process leaves in the folder that makes a copy there, does `doing` with it and is killed. */
async function killed(doing: string): Promise<void> {
  const module = new URL('../../main/recovery/writing/own-folder.ts', import.meta.url).href;
  const program = `
    const { OwnFolder } = await import(${JSON.stringify(module)});
    const { mkdir, rename, writeFile } = await import('node:fs/promises');
    const own = await OwnFolder.create(${JSON.stringify(folder)}, 'copy');
    ${doing}
    process.kill(process.pid, 'SIGKILL');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'inherit' });
  await once(child, 'exit');
}

/** What the next run does to it. */
async function nextRun(): Promise<void> {
  await using own = await OwnFolder.create(folder, 'kit');
  expect(await readdir(folder)).toContain(own.path.slice(folder.length + 1));
}

it('what a killed run had begun is removed by the next one', async () => {
  await killed(`await mkdir(own.path + '/0.partial'); await writeFile(own.path + '/0.partial/x', 'half');`);
  expect(await readdir(folder)).toHaveLength(1);
  await nextRun();
  expect(await readdir(folder)).toEqual([]);
});

it('what was to be replaced is put back where a run was killed before it had a new one', async () => {
  await writeTree(folder, { 'name/mine': 'mine' });
  await killed(`
    await writeFile(own.path + '/0', 'new');
    await mkdir(own.path + '/0.replaced');
    await rename(${JSON.stringify(join(folder, 'name'))}, own.path + '/0.replaced/name');`);
  expect(await filesBelow(folder)).not.toContain('name/mine');
  await nextRun();
  expect(await filesBelow(folder)).toEqual(['name/mine']);
});

it('what was replaced is removed where a run was killed after that', async () => {
  await writeFile(join(folder, 'name'), 'old');
  await killed(`
    await mkdir(own.path + '/0.replaced');
    await rename(${JSON.stringify(join(folder, 'name'))}, own.path + '/0.replaced/name');
    await writeFile(${JSON.stringify(join(folder, 'name'))}, 'new');`);
  await nextRun();
  expect(await readdir(folder)).toEqual(['name']);
  expect(await readFile(join(folder, 'name'), 'utf8')).toBe('new');
});

it('nothing is lost where somebody else took the place of what was to be put back', async () => {
  await writeFile(join(folder, 'name'), 'old');
  await killed(`
    await writeFile(own.path + '/0', 'new');
    await mkdir(own.path + '/0.replaced');
    await rename(${JSON.stringify(join(folder, 'name'))}, own.path + '/0.replaced/name');`);
  await writeFile(join(folder, 'name'), 'of somebody else');
  await nextRun();
  const [left = ''] = (await readdir(folder)).filter((name) => name !== 'name');
  expect(await readFile(join(folder, left, '0.replaced/name'), 'utf8')).toBe('old');
  expect(await readFile(join(folder, 'name'), 'utf8')).toBe('of somebody else');
});

it('that of a run that still works stays, and so does what has its name and is no folder of ours', async () => {
  await using working = await OwnFolder.create(folder, 'copy');
  await writeFile(join(working.path, 'growing'), '');
  await killed('');
  const [of = ''] = (await readdir(folder)).filter((name) => !working.path.endsWith(name));
  await rename(join(folder, of), join(folder, 'kept'));
  await mkdir(join(folder, 'lifeboat-copy-user.partial'));
  await symlink('kept', join(folder, of));
  await nextRun();
  expect((await readdir(folder)).toSorted()).toEqual(
    [working.path.slice(folder.length + 1), 'kept', 'lifeboat-copy-user.partial', of].toSorted(),
  );
  expect(await readdir(working.path)).toEqual(['growing']);
});

it('what is to be replaced stays where the new one cannot take its place', async () => {
  await writeFile(join(folder, 'name'), 'old');
  {
    await using own = await OwnFolder.create(folder, 'copy');
    await expect(own.settle('absent', 'name', true)).rejects.toThrow();
  }
  expect(await readdir(folder)).toEqual(['name']);
  expect(await readFile(join(folder, 'name'), 'utf8')).toBe('old');
});

/** The package that `npm pack` makes, installed as `npm install -g` does, away from this folder: it holds what it needs, and no more. */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { filesBelow, lifeboat, scratchFolder } from '../support/lifeboat.ts';
import { fetchNodes, newEnough } from '../support/nodes.ts';
import { run } from '../support/tools.ts';

const project = join(import.meta.dirname, '../..');
const sample = join(project, 'assets/sample.backup');

const [node] = await fetchNodes(newEnough);

node?.test(
  'restores and writes rescue kits on the oldest Node that it promises',
  async () => {
    const [packed, prefix, to] = [await scratchFolder(), await scratchFolder(), await scratchFolder()];
    await run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', packed], {
      cwd: project,
    });
    const [archive = ''] = await filesBelow(packed);
    const installing = ['install', '--global', '--silent', '--prefer-offline', '--prefix', prefix];
    await run('npm', [...installing, join(packed, archive)], { cwd: packed });

    const installed = join(prefix, 'lib/node_modules/lifeboat');
    const own = (await filesBelow(installed)).filter((path) => !path.startsWith('node_modules/'));
    // npm takes along what `main` names, which is Electron's.
    const expected =
      /^(dist\/cli\/[\w-]+\.mjs|dist\/lifeboat\.mjs|dist\/main\/app\/main\.js|docs\/format\.md|package\.json|README\.md|LICENSE)$/;
    for (const path of own) expect(path).toMatch(expected);
    expect(own).toEqual(expect.arrayContaining(['dist/cli/lifeboat.mjs', 'dist/lifeboat.mjs', 'LICENSE']));

    const options = {
      program: [join(prefix, 'bin/lifeboat')],
      cwd: to,
      env: { PATH: `${dirname(node.path)}:/usr/bin:/bin` },
    };
    const restored = await lifeboat(['restore', sample, '--to', to], { ...options, passphrase: 'lifeboat' });
    expect([restored.code, restored.stderr]).toEqual([0, '']);
    expect(await filesBelow(to)).toContain('work/private.img');

    const written = await lifeboat(['rescue-kit', to], options);
    expect([written.code, written.stderr]).toEqual([0, '']);
    expect(await readFile(join(to, 'lifeboat-rescue-kit/lifeboat.mjs'))).toEqual(
      await readFile(join(project, 'dist/lifeboat.mjs')),
    );
  },
  240_000,
);

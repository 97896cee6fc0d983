/** What is installed is what was chosen: exact versions, checksums, reasons, and no script that nobody allowed. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly allowScripts: Readonly<Record<string, boolean>>;
}

interface Lock {
  readonly packages: Readonly<
    Record<string, { integrity?: string; link?: boolean; hasInstallScript?: boolean }>
  >;
}

const root = join(import.meta.dirname, '../..');
const read = (name: string) => readFile(join(root, name), 'utf8');
const manifest = JSON.parse(await read('package.json')) as Manifest;
const lock = JSON.parse(await read('package-lock.json')) as Lock;
const installed = Object.entries(lock.packages).filter(([path]) => path !== '');
const direct = { ...manifest.dependencies, ...manifest.devDependencies };

test('every package of the lock file bears the checksum of its content', () => {
  expect(installed.length).toBeGreaterThan(Object.keys(direct).length);
  for (const [path, { integrity }] of installed)
    expect(integrity, path).toMatch(/^sha512-[A-Za-z0-9+/]{86}==$/);
});

test('install scripts are those that were decided on', () => {
  const withScripts = installed.filter(([, entry]) => entry.hasInstallScript).map(([path]) => path);
  const names = withScripts.map((path) =>
    path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
  );
  expect(Object.keys(manifest.allowScripts)).toEqual(expect.arrayContaining(names));
});

test('versions are exact', () => {
  for (const [name, version] of Object.entries(direct)) expect(version, name).toMatch(/^\d+\.\d+\.\d+$/);
});

test('every package that is named has its reason in docs/dependencies.md, and no other has', async () => {
  const rows = (await read('docs/dependencies.md')).split('\n').filter((line) => line.startsWith('| `'));
  const explained = rows.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name),
  );
  expect(explained.toSorted()).toEqual(Object.keys(direct).toSorted());
  for (const row of rows) expect(row.split('|')[2]?.trim(), row).toMatch(/\w+ \w+|\w{5}/);
});

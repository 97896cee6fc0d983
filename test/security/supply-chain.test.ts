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
    Record<
      string,
      {
        readonly integrity?: string;
        readonly hasInstallScript?: boolean;
        readonly optionalDependencies?: Readonly<Record<string, string>>;
      }
    >
  >;
}

const root = join(import.meta.dirname, '../..');
const read = (name: string) => readFile(join(root, name), 'utf8');
const manifest = JSON.parse(await read('package.json')) as Manifest;
const lock = JSON.parse(await read('package-lock.json')) as Lock;
/** Without this folder and the one in it that only names another package. */
const own = ['', 'scripts/node', 'node_modules/node-for-the-sources'];
const installed = Object.entries(lock.packages).filter(([path]) => !own.includes(path));
const inFolder = JSON.parse(await read('scripts/node/package.json')) as {
  readonly optionalDependencies: Readonly<Record<string, string>>;
};
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
  const { 'node-for-the-sources': folder, ...others } = direct;
  expect(folder).toBe('file:scripts/node');
  const named = { ...others, ...inFolder.optionalDependencies };
  for (const [name, version] of Object.entries(named)) expect(version, name).toMatch(/^\d+\.\d+\.\d+$/);
});

test('npm ci does without the Node that it brings along, where npm has none for the computer', () => {
  expect(lock.packages['node_modules/node']).toMatchObject({ dev: true, optional: true });
  expect(lock.packages['scripts/node']?.optionalDependencies).toEqual(inFolder.optionalDependencies);
  // It is no dependency of the package that people install.
  expect(Object.keys(manifest.dependencies)).not.toContain('node');
});

test('every package that is named has its reason in docs/dependencies.md, and no other has', async () => {
  const rows = (await read('docs/dependencies.md')).split('\n').filter((line) => line.startsWith('| `'));
  const explained = rows.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name),
  );
  expect(explained.toSorted()).toEqual(Object.keys(direct).toSorted());
  for (const row of rows) expect(row.split('|')[2]?.trim(), row).toMatch(/\w+ \w+|\w{5}/);
});

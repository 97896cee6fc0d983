/** Promises of what a program understands of its command line: files that the system hands it, however they are written. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { filesAmong } from '../../main/backend/given.ts';

const folder = resolve('/home/user');
const inFolder = (...path: string[]) => resolve(folder, ...path);

describe('files among arguments', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['none', [], []],
    ['a path', [inFolder('a')], [inFolder('a')]],
    ['a relative path', ['backups/a b'], [inFolder('backups/a b')]],
    [
      'a name that looks like nothing',
      ['qubes-backup-2026-01-01T120000'],
      [inFolder('qubes-backup-2026-01-01T120000')],
    ],
    ['no options', ['--browser', '-x', '--no-sandbox', 'a', '--y=z'], [inFolder('a')]],
    ['a name like an option behind --', ['--', '--weird'], [inFolder('--weird')]],
    ['an address, as file managers give it', [pathToFileURL(inFolder('a ü')).href], [inFolder('a ü')]],
    [
      'an address of another computer as the name it may be',
      ['file://other%zz'],
      [inFolder('file:/other%zz')],
    ],
    ['no empty name', [''], []],
    ['several, in order', ['b', 'a'], [inFolder('b'), inFolder('a')]],
  ])('%s', (_, args, files) => expect(filesAmong(args, folder)).toEqual(files));
});

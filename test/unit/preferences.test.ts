/** Promises of what the wizard remembers: only what was asked for, and nothing that could stop it. */
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createPreferences } from '../../main/backend/preferences.ts';
import { settingsFolder } from '../../main/browser/launch.ts';
import { scratchFolder } from '../support/lifeboat.ts';

const fresh = { theme: 'system', language: null, keepFolders: false } as const;

describe('preferences', () => {
  it('are remembered between starts, for this user alone', async () => {
    const file = join(await scratchFolder(), 'deep/preferences.json');
    expect(await createPreferences(file).read()).toEqual(fresh);
    await createPreferences(file).save({ theme: 'dark', language: 'de', keepFolders: false });
    expect(await createPreferences(file).read()).toEqual({
      theme: 'dark',
      language: 'de',
      keepFolders: false,
    });
    if (process.platform !== 'win32') expect((await stat(file)).mode & 0o077).toBe(0);
  });

  it('hold no folder before somebody wants that, and none any more once nobody does', async () => {
    const folder = await scratchFolder();
    const file = join(folder, 'preferences.json');
    const preferences = createPreferences(file);
    await preferences.noteFolder(folder);
    expect(await preferences.folders()).toEqual([]);
    await preferences.save({ ...fresh, keepFolders: true });
    await preferences.noteFolder(folder);
    expect(await preferences.folders()).toEqual([folder]);
    await preferences.save(fresh);
    expect(await readFile(file, 'utf8')).not.toContain(folder);
  });

  it('list the latest five folders that are still there, each once', async () => {
    const folder = await scratchFolder();
    const preferences = createPreferences(join(folder, 'preferences.json'));
    await preferences.save({ ...fresh, keepFolders: true });
    const at = (name: string) => join(folder, name);
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'b']) {
      await mkdir(at(name), { recursive: true });
      await preferences.noteFolder(at(name));
    }
    await rm(at('f'), { recursive: true });
    expect(await preferences.folders()).toEqual(['b', 'e', 'd', 'c'].map(at));
  });

  it.each([
    '',
    '{',
    'null',
    '{"theme":"pink"}',
    '{"theme":"dark","language":"de","keepFolders":true,"folders":[1]}',
  ])('are fresh when the file holds %j', async (text) => {
    const file = join(await scratchFolder(), 'preferences.json');
    await writeFile(file, text);
    expect(await createPreferences(file).read()).toEqual(fresh);
  });

  it('that cannot be written are no reason to stop', async () => {
    const file = join(await scratchFolder(), 'a-file');
    await writeFile(file, '');
    await createPreferences(join(file, 'preferences.json')).save(fresh);
    expect(await createPreferences(join(file, 'preferences.json')).read()).toEqual(fresh);
  });

  it('lie where programs of this user keep theirs', () => {
    expect(settingsFolder('linux', { XDG_CONFIG_HOME: '/c' })).toBe(join('/c', 'lifeboat'));
    expect(settingsFolder('linux', { XDG_CONFIG_HOME: '' })).toMatch(/[/\\]\.config[/\\]lifeboat$/);
    expect(settingsFolder('win32', { APPDATA: '/a' })).toBe(join('/a', 'Lifeboat'));
    expect(settingsFolder('darwin', {})).toMatch(/Application Support[/\\]Lifeboat$/);
  });
});

/** What the wizard remembers between its starts: how it looks and speaks, and folders only for who asked for that. */
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as z from 'zod/mini';
import { preferences as preferencesSchema, type Preferences } from '../../shared/contract/wizard.ts';

/** Folders that are remembered, the latest first. */
const mostFolders = 5;

const stored = z.object({
  ...preferencesSchema.shape,
  folders: z.array(z.string().check(z.maxLength(32_768))).check(z.maxLength(mostFolders)),
});
type Stored = z.infer<typeof stored>;

const fresh: Stored = { theme: 'system', language: null, keepFolders: false, folders: [] };

export interface PreferencesStore {
  read(): Promise<Preferences>;
  /** Replaces them; folders are forgotten as soon as nobody wants them kept. */
  save(preferences: Preferences): Promise<void>;
  /** The folders that were restored into and are still there, the latest first. */
  folders(): Promise<readonly string[]>;
  /** Notes a folder that is restored into, where the person wants that. */
  noteFolder(path: string): Promise<void>;
}

/** @param file where they are kept; a home folder that cannot be written to is no reason to stop */
export function createPreferences(file: string): PreferencesStore {
  async function load(): Promise<Stored> {
    try {
      return z.parse(stored, JSON.parse(await readFile(file, 'utf8')));
    } catch {
      return fresh;
    }
  }

  async function write(next: Stored): Promise<void> {
    try {
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, JSON.stringify(next), { mode: 0o600 });
    } catch {
      // Full or read-only: then they are not remembered.
    }
  }

  return {
    async read() {
      const { theme, language, keepFolders } = await load();
      return { theme, language, keepFolders };
    },
    async save(preferences) {
      const { folders } = await load();
      await write({ ...preferences, folders: preferences.keepFolders ? folders : [] });
    },
    async folders() {
      const { folders } = await load();
      const found = await Promise.all(
        folders.map((path) =>
          stat(path).then(
            (each) => each.isDirectory(),
            () => false,
          ),
        ),
      );
      return folders.filter((_, index) => found[index]);
    },
    async noteFolder(path) {
      const known = await load();
      if (!known.keepFolders) return;
      const folders = [path, ...known.folders.filter((each) => each !== path)].slice(0, mostFolders);
      await write({ ...known, folders });
    },
  };
}

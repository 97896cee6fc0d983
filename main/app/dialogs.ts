/** The system's own dialogs for choosing the backup and the destination, and for saving documents. */
import { dirname, join } from 'node:path';
import { dialog, type BrowserWindow, type OpenDialogOptions } from 'electron';
import type { Host } from '../backend/host.ts';

/** Dialogs that belong to `window`; each answers a path, or null when it was closed. */
export function dialogsOf(window: BrowserWindow): NonNullable<Host['dialogs']> {
  /** Where each kind of dialog begins: Electron remembers no folder from one to the next. */
  const last: { file?: string; folder?: string } = {};
  const chooseAll = async (kind: keyof typeof last, properties: OpenDialogOptions['properties'] & object) => {
    const defaultPath = last[kind];
    const options = defaultPath === undefined ? { properties } : { properties, defaultPath };
    const { canceled, filePaths } = await dialog.showOpenDialog(window, options);
    const [chosen] = canceled ? [] : filePaths;
    if (chosen !== undefined) last[kind] = dirname(chosen);
    return canceled ? [] : filePaths;
  };
  const choose = async (...asked: Parameters<typeof chooseAll>) => (await chooseAll(...asked))[0] ?? null;
  return {
    // Any file: backups have no ending of their own.
    chooseFile: () => choose('file', ['openFile', 'dontAddToRecent']),
    chooseFiles: () => chooseAll('file', ['openFile', 'multiSelections', 'dontAddToRecent']),
    chooseFolder: () => choose('folder', ['openDirectory', 'createDirectory', 'dontAddToRecent']),
    async saveFile(name, folder) {
      const { canceled, filePath } = await dialog.showSaveDialog(window, {
        defaultPath: folder === null ? name : join(folder, name),
        properties: ['createDirectory', 'showOverwriteConfirmation', 'dontAddToRecent'],
      });
      return canceled || filePath === '' ? null : filePath;
    },
  };
}

/** The system's own dialogs for choosing the backup and the destination, and for saving documents. */
import { join } from 'node:path';
import { dialog, type BrowserWindow, type OpenDialogOptions } from 'electron';
import type { Host } from '../backend/host.ts';

/** Dialogs that belong to `window`; each answers a path, or null when it was closed. */
export function dialogsOf(window: BrowserWindow): NonNullable<Host['dialogs']> {
  const choose = async (properties: NonNullable<OpenDialogOptions['properties']>) => {
    const { canceled, filePaths } = await dialog.showOpenDialog(window, { properties });
    return canceled ? null : (filePaths[0] ?? null);
  };
  return {
    // Any file: backups have no ending of their own.
    chooseFile: () => choose(['openFile', 'dontAddToRecent']),
    chooseFolder: () => choose(['openDirectory', 'createDirectory', 'dontAddToRecent']),
    async saveFile(name, folder) {
      const { canceled, filePath } = await dialog.showSaveDialog(window, {
        defaultPath: folder === null ? name : join(folder, name),
        properties: ['createDirectory', 'showOverwriteConfirmation', 'dontAddToRecent'],
      });
      return canceled || filePath === '' ? null : filePath;
    },
  };
}

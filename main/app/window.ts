/** The window of the wizard: a sandboxed page without Node, as large as it was left the last time. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { app, BrowserWindow, nativeTheme, type Session } from 'electron';
import * as z from 'zod/mini';
import { ownAddress } from './protocol.ts';
import { tellShown } from './shown.ts';

const smallest = { width: 640, height: 480 };

/** What is remembered of the window; where it stood is left to the system, which knows today's screens. */
const windowSize = z.object({
  width: z.int().check(z.gte(smallest.width), z.lte(20_000)),
  height: z.int().check(z.gte(smallest.height), z.lte(20_000)),
  maximized: z.boolean(),
});
type WindowSize = z.infer<typeof windowSize>;

const firstSize: WindowSize = { width: 1000, height: 740, maximized: false };

/** The page's own background, so that nothing flashes before it is drawn. */
const background = { light: '#ffffff', dark: '#1a1f21' };

/** Opens the window on `session`; it shows itself once its page is drawn. */
export function openWindow(session: Session): BrowserWindow {
  const { width, height, maximized } = rememberedSize();
  const window = new BrowserWindow({
    width,
    height,
    minWidth: smallest.width,
    minHeight: smallest.height,
    show: false,
    title: app.getName(),
    backgroundColor: nativeTheme.shouldUseDarkColors ? background.dark : background.light,
    autoHideMenuBar: true,
    webPreferences: {
      session,
      preload: join(app.getAppPath(), 'dist/preload/preload.cjs'),
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webviewTag: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      navigateOnDragDrop: false,
      // Dictionaries would be fetched from the network.
      spellcheck: false,
      // The page is developed in a browser, which has its own.
      devTools: false,
    },
  });
  window.once('ready-to-show', () => {
    if (maximized) window.maximize();
    window.show();
    tellShown();
  });
  window.on('close', () => remember({ ...sizeOf(window), maximized: window.isMaximized() }));
  void window.loadURL(ownAddress);
  return window;
}

function sizeOf(window: BrowserWindow): Omit<WindowSize, 'maximized'> {
  const { width, height } = window.getNormalBounds();
  return { width, height };
}

function sizeFile(): string {
  return join(app.getPath('userData'), 'window.json');
}

function rememberedSize(): WindowSize {
  try {
    return z.parse(windowSize, JSON.parse(readFileSync(sizeFile(), 'utf8')));
  } catch {
    return firstSize;
  }
}

function remember(size: WindowSize): void {
  try {
    writeFileSync(sizeFile(), JSON.stringify(size));
  } catch {
    // A full or read-only home folder must not keep the window from closing.
  }
}

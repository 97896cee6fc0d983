/** The app from its start to its end: one instance, one window, one backend, and an engine that never outlives them. */
import { join } from 'node:path';
import { app, dialog, session, shell, type BrowserWindow } from 'electron';
import type { Backend, CreateBackend, Host } from '../backend/host.ts';
import { readPages } from '../backend/pages.ts';
import { dialogsOf } from './dialogs.ts';
import { ownGiven, watchGiven } from './given.ts';
import { answerCalls, emittersTo } from './ipc.ts';
import { lockApp, lockSession } from './lockdown.ts';
import { installMenu } from './menu.ts';
import { presenceOf, type Presence } from './presence.ts';
import { registerOwnScheme, servePages } from './protocol.ts';
import { startUtilityEngine } from './utility-engine.ts';
import { openWindow } from './window.ts';

/** The id under which Windows shows the app's notices; the same as in `electron-builder.yml`. */
const appId = 'org.lifeboat.Lifeboat';

/** Starts the app; to be called before Electron is ready. */
export function startApp(createBackend: CreateBackend): void {
  const own = ownGiven();
  if (!app.requestSingleInstanceLock(own)) {
    console.error('Lifeboat is running already: its window was asked to come forward.');
    app.quit();
    return;
  }
  const onGiven = watchGiven(own);
  lockApp();
  registerOwnScheme();
  app.setAppUserModelId(appId);
  app.on('window-all-closed', () => app.quit());
  app
    .whenReady()
    .then(() => openWizard(createBackend, onGiven))
    .catch((error: unknown) => {
      dialog.showErrorBox(app.getName(), String(error));
      app.exit(1);
    });
}

async function openWizard(
  createBackend: CreateBackend,
  onGiven: ReturnType<typeof watchGiven>,
): Promise<void> {
  const pages = await readPages(join(app.getAppPath(), 'dist/renderer'));
  // In memory: nothing that was shown is left on the computer, which may be borrowed.
  const ownSession = session.fromPartition('lifeboat', { cache: false });
  lockSession(session.defaultSession);
  lockSession(ownSession);
  servePages(ownSession, pages);
  installMenu();

  const window = openWindow(ownSession);
  app.on('second-instance', () => show(window));
  app.on('open-file', () => show(window));
  // The page holds on to the window while it works, and asks; from a taskbar, nobody would see that.
  window.webContents.on('will-prevent-unload', () => show(window));

  const presence = presenceOf(window);
  const newBackend = () => createBackend(hostOf(window), emittersShownBy(window, presence));
  let backend = newBackend();
  /** A page that comes back has no memory of its backup, and so its backend has none. */
  const renewBackend = () => {
    void backend.close();
    backend = newBackend();
  };
  const dispatch = presence.watching((name, args) => backend.dispatch(name, args));
  answerCalls(window, dispatch);
  onGiven((path) => backend.give(path));
  window.webContents.on('render-process-gone', (_event, { reason }) => {
    if (reason === 'clean-exit') return;
    if (reason === 'launch-failed') {
      // Another try would fail likewise, and without a page there is nothing to be seen or to be closed.
      dialog.showErrorBox(app.getName(), 'Lifeboat could not start its window (launch-failed).');
      app.quit();
      return;
    }
    renewBackend();
    window.webContents.reload();
  });
  // What `lockContents` let pass is the page reloading itself.
  window.webContents.on('will-navigate', ({ defaultPrevented }) => {
    if (!defaultPrevented) renewBackend();
  });
  endWith(() => backend);
}

/** Events go to the wizard, and those of work also to what shows of it outside. */
function emittersShownBy(window: BrowserWindow, presence: Presence): ReturnType<typeof emittersTo> {
  const wizard = emittersTo(window);
  return {
    ...wizard,
    restore: {
      progress(payload) {
        wizard.restore.progress(payload);
        presence.restore.progress(payload);
      },
      spaceSeen: wizard.restore.spaceSeen,
      qubeFinished: wizard.restore.qubeFinished,
      finished(payload) {
        presence.restore.finished(payload);
        wizard.restore.finished(payload);
      },
    },
    image: {
      ...wizard.image,
      copyProgress(payload) {
        wizard.image.copyProgress(payload);
        presence.copyProgress(payload);
      },
    },
    mount: {
      progress(payload) {
        wizard.mount.progress(payload);
        presence.mountProgress(payload);
      },
    },
  };
}

function hostOf(window: BrowserWindow): Host {
  return {
    kind: 'electron',
    version: app.getVersion(),
    locale: app.getLocale(),
    dialogs: dialogsOf(window),
    samplePath: app.isPackaged
      ? join(process.resourcesPath, 'sample.backup')
      : join(app.getAppPath(), 'assets/sample.backup'),
    preferencesFile: join(app.getPath('userData'), 'preferences.json'),
    spawnEngine: startUtilityEngine,
    // Opening would run a restored folder that macOS takes for an app; showing does not.
    showFolder(path) {
      shell.showItemInFolder(path);
      return Promise.resolve();
    },
    quit: () => app.quit(),
  };
}

function show(window: BrowserWindow): void {
  if (window.isMinimized()) window.restore();
  window.focus();
}

/** Holds the end of the app until the backend has ended its engine. */
function endWith(current: () => Backend): void {
  app.once('will-quit', (event) => {
    event.preventDefault();
    void current()
      .close()
      .finally(() => app.exit());
  });
}

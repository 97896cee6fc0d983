/** Promises of the app to the person at it: calls and events arrive, the computer stays awake, nothing lingers. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { BrowserWindow } from 'electron';
import { dialogsOf } from '../../main/app/dialogs.ts';
import { startApp } from '../../main/app/lifecycle.ts';
import { menuFor } from '../../main/app/menu.ts';
import { startUtilityEngine } from '../../main/app/utility-engine.ts';
import { portTransport } from '../../shared/contract/port.ts';
import type { WizardClient } from '../../shared/contract/wizard.ts';
import { backendDouble, someProgress, somePlace } from '../security/backend-double.ts';
import * as electron from '../security/electron-double.ts';
import { startedApp, type StartedApp } from '../security/started-app.ts';

vi.mock('electron', () => import('../security/electron-double.ts'));

/** The wizard's side, as the preload makes it for the page. */
async function connected(): Promise<WizardClient> {
  vi.resetModules();
  await import('../../preload/preload.ts');
  return electron.exposed.get('lifeboat') as WizardClient;
}

const finished = (outcome: 'restored' | 'failed' = 'restored') => ({
  jobId: 'j',
  report: { outcome, qubes: [], problems: [] },
  cancelled: false,
});

describe('the wizard in the app', () => {
  let app: StartedApp;
  let client: WizardClient;
  beforeEach(async () => {
    app = await startedApp();
    client = await connected();
  });

  it('is told what it runs in', async () => {
    expect(await client.program.describe()).toEqual({
      ok: true,
      value: {
        version: '1.2.3',
        host: 'electron',
        platform: 'linux',
        locale: 'de',
        nativeDialogs: true,
        defaultMemory: 2 ** 30,
      },
    });
  });

  it('is answered values, nothing, and problems', async () => {
    expect(await client.places.locate({ path: '/ü', kind: 'backup' })).toEqual({
      ok: true,
      value: { ...somePlace, path: '/ü' },
    });
    expect(await client.restore.pause({ jobId: 'j' })).toEqual({ ok: true, value: undefined });
    expect(
      await client.backup.unlock({ backupId: 'b', passphrase: 'p', acceptUnsealed: false, allowSlow: false }),
    ).toEqual({
      ok: false,
      problem: { code: 'passphrase-rejected', params: {} },
    });
  });

  it('hears each event until it has had enough, and no other event', () => {
    const heard: unknown[] = [];
    const unsubscribe = client.restore.progress((payload) => heard.push(payload));
    const payload = { jobId: 'j', progress: someProgress };
    app.backend.made[0]?.emit.restore.progress(payload);
    app.backend.made[0]?.emit.restore.finished(finished());
    unsubscribe();
    app.backend.made[0]?.emit.restore.progress(payload);
    expect(heard).toEqual([payload]);
  });

  it('learns the paths of dropped files', () => {
    const files = electron.exposed.get('lifeboatFiles') as { pathOf(file: File): string };
    expect(files.pathOf(new File([], 'x.backup'))).toBe('/dropped/x.backup');
  });

  it('opens the dialogs of the system on its window', async () => {
    electron.dialog.showOpenDialog.mockResolvedValueOnce({
      canceled: false,
      filePaths: ['/a/b.backup', '/c'],
    });
    expect(await client.places.chooseBackup()).toMatchObject({ value: { path: '/a/b.backup' } });
    electron.dialog.showOpenDialog.mockResolvedValueOnce({ canceled: true, filePaths: [] });
    expect(await client.places.chooseFolder()).toEqual({ ok: true, value: null });
    expect(electron.dialog.showOpenDialog.mock.calls).toEqual([
      [app.window, { properties: ['openFile', 'multiSelections', 'dontAddToRecent'] }],
      [app.window, { properties: ['openDirectory', 'createDirectory', 'dontAddToRecent'] }],
    ]);
  });

  it('asks with the system’s dialog where to save, beginning in the folder of the restore', async () => {
    const save = () =>
      client.results.save({ jobId: 'j', document: 'report', language: 'en', folderId: null });
    electron.dialog.showSaveDialog.mockResolvedValueOnce({ canceled: false, filePath: '/r/a-report.html' });
    expect(await save()).toMatchObject({ value: { path: '/r/a-report.html' } });
    electron.dialog.showSaveDialog.mockResolvedValueOnce({ canceled: true, filePath: '' });
    expect(await save()).toEqual({ ok: true, value: null });
    expect(electron.dialog.showSaveDialog.mock.calls[0]).toEqual([
      app.window,
      {
        defaultPath: join('/a/folder', 'a-report.html'),
        properties: ['createDirectory', 'showOverwriteConfirmation', 'dontAddToRecent'],
      },
    ]);
  });

  it('shows restored folders where they lie, and opens none', async () => {
    await client.results.openFolder({ jobId: 'j', qube: null });
    expect(electron.shell.showItemInFolder).toHaveBeenCalledExactlyOnceWith(somePlace.path);
  });

  it('ends the app when the person closes it', async () => {
    await client.program.quit();
    expect(electron.app.quit).toHaveBeenCalledOnce();
  });

  it('finds the sample among the assets, and beside the app once it is packaged', async () => {
    expect(app.backend.made[0]?.host.samplePath).toBe(
      join(electron.settings.appPath, 'assets/sample.backup'),
    );
    Object.defineProperty(process, 'resourcesPath', { value: '/opt/Lifeboat/resources', configurable: true });
    const packaged = await startedApp(() => void (electron.settings.packaged = true));
    expect(packaged.backend.made[0]?.host.samplePath).toBe(join('/opt/Lifeboat/resources', 'sample.backup'));
    Reflect.deleteProperty(process, 'resourcesPath');
  });

  it('comes back with a fresh backend when its process was killed', async () => {
    app.window.webContents.emit('render-process-gone', {}, { reason: 'oom' });
    expect(app.window.webContents.reload).toHaveBeenCalledOnce();
    expect(app.backend.made.map(({ closed }) => closed)).toEqual([true, false]);
    expect(await client.program.describe()).toMatchObject({ ok: true });
  });

  it('is not brought back when it left in peace', () => {
    app.window.webContents.emit('render-process-gone', {}, { reason: 'clean-exit' });
    expect(app.window.webContents.reload).not.toHaveBeenCalled();
    expect(app.backend.made).toHaveLength(1);
  });
});

describe('while a restore runs', () => {
  let app: StartedApp;
  const emit = () => app.backend.made[0]?.emit.restore;
  const progress = (change: object = {}) =>
    emit()?.progress({ jobId: 'j', progress: { ...someProgress, ...change } });
  beforeEach(async () => {
    app = await startedApp();
    let id = 0;
    electron.powerSaveBlocker.start.mockImplementation(() => id++);
  });

  it('the computer stays awake, and may sleep while it is paused and once it is over', () => {
    progress();
    progress();
    expect(electron.powerSaveBlocker.start.mock.calls).toEqual([['prevent-app-suspension']]);
    progress({ paused: true });
    expect(electron.powerSaveBlocker.stop.mock.calls).toEqual([[0]]);
    progress();
    emit()?.finished(finished());
    expect(electron.powerSaveBlocker.start).toHaveBeenCalledTimes(2);
    expect(electron.powerSaveBlocker.stop.mock.calls).toEqual([[0], [1]]);
    emit()?.finished(finished());
    expect(electron.powerSaveBlocker.stop).toHaveBeenCalledTimes(2);
  });

  it('the taskbar fills, also for a restore of nothing, and empties at the end', () => {
    progress();
    progress({ paused: true });
    progress({ doneBytes: 0, totalBytes: 0 });
    progress({ doneBytes: 101 });
    emit()?.finished(finished());
    expect(app.window.setProgressBar.mock.calls).toEqual([
      [0.25, { mode: 'normal' }],
      [0.25, { mode: 'paused' }],
      [0, { mode: 'normal' }],
      [1, { mode: 'normal' }],
      [-1],
    ]);
  });

  it('somebody who looks elsewhere is called back, in the words of the window', () => {
    app.window.focused = false;
    emit()?.finished(finished());
    expect(app.window.flashFrame).toHaveBeenLastCalledWith(true);
    expect(electron.Notification.all).toEqual([]);
    app.window.emit('page-title-updated', {}, '3 Qubes wiederhergestellt – Lifeboat');
    app.window.emit('page-title-updated', {}, 'another step');
    expect(electron.Notification.all.map(({ options }) => options)).toEqual([
      { title: 'Lifeboat', body: '3 Qubes wiederhergestellt – Lifeboat' },
    ]);
    const [notice] = electron.Notification.all;
    expect(notice?.show).toHaveBeenCalledOnce();
    notice?.emit('click');
    expect(app.window.show).toHaveBeenCalledOnce();
    app.window.emit('focus');
    expect(app.window.flashFrame).toHaveBeenLastCalledWith(false);
  });

  it('somebody who looks at it is left alone', () => {
    emit()?.finished(finished());
    app.window.emit('page-title-updated', {}, 'results');
    expect(app.window.flashFrame).not.toHaveBeenCalled();
    expect(electron.Notification.all).toEqual([]);
  });

  it('a window that is gone is left in peace, and the computer may still sleep', () => {
    progress();
    app.window.destroyed = true;
    progress();
    emit()?.finished(finished());
    expect(app.window.setProgressBar).toHaveBeenCalledOnce();
    expect(electron.powerSaveBlocker.stop).toHaveBeenCalledOnce();
  });
});

describe('while files are copied out of an image, or one is mounted', () => {
  let app: StartedApp;
  let client: WizardClient;
  beforeEach(async () => {
    app = await startedApp();
    client = await connected();
    electron.powerSaveBlocker.start.mockReturnValue(5);
  });

  const copy = () =>
    client.image.copy({
      imageId: 'i',
      volume: 0,
      task: 't',
      entries: ['e'],
      folderId: 'f',
      conflict: 'skip',
    });
  const copied = (doneBytes: number) =>
    app.backend.made[0]?.emit.image.copyProgress({
      task: 't',
      progress: { doneBytes, totalBytes: 200, doneFiles: 1, totalFiles: 2, current: 'a' },
    });

  it('the computer stays awake until the last of it is over, whether or not it went well', async () => {
    const copying = copy();
    const mounting = client.mount.mount({ imageId: 'i', volume: 0, journal: 'leave', task: 'm' });
    expect(electron.powerSaveBlocker.start).toHaveBeenCalledOnce();
    expect(electron.powerSaveBlocker.stop).not.toHaveBeenCalled();
    await Promise.all([copying, mounting]);
    expect(electron.powerSaveBlocker.start).toHaveBeenCalledOnce();
    expect(electron.powerSaveBlocker.stop).toHaveBeenCalledExactlyOnceWith(5);
  });

  it('the taskbar fills, and empties at the end', async () => {
    const copying = copy();
    copied(50);
    app.backend.made[0]?.emit.mount.progress({ task: 'm', done: 1, total: 4 });
    await copying;
    expect(app.window.setProgressBar.mock.calls).toEqual([
      [0.25, { mode: 'normal' }],
      [0.25, { mode: 'normal' }],
      [-1],
    ]);
  });

  it('the wizard hears of it as well', () => {
    const heard: unknown[] = [];
    client.image.copyProgress(({ progress }) => heard.push(progress.doneBytes));
    client.mount.progress(({ done }) => heard.push(done));
    copied(50);
    app.backend.made[0]?.emit.mount.progress({ task: 'm', done: 1, total: 4 });
    expect(heard).toEqual([50, 1]);
  });

  it('nothing else keeps it awake', async () => {
    await client.program.describe();
    expect(electron.powerSaveBlocker.start).not.toHaveBeenCalled();
  });
});

describe('the window', () => {
  it('comes to the front when its page holds on to it, to ask', async () => {
    const { window } = await startedApp();
    window.minimized = true;
    const event = { preventDefault: vi.fn() };
    window.webContents.emit('will-prevent-unload', event);
    expect(window.restore).toHaveBeenCalledOnce();
    expect(window.focus).toHaveBeenCalledOnce();
    // Which would let it go.
    expect(event.preventDefault).not.toHaveBeenCalled();
  });

  const sizeFile = () => join(electron.settings.userData, 'window.json');

  it('shows itself when its page is drawn, not before', async () => {
    const { window } = await startedApp();
    expect(window.options).toMatchObject({ show: false, title: 'Lifeboat', width: 1000, height: 740 });
    window.emit('ready-to-show');
    expect(window.show).toHaveBeenCalledOnce();
    expect(window.maximize).not.toHaveBeenCalled();
  });

  it('is as large as it was left', async () => {
    const { window } = await startedApp();
    window.bounds = { x: -5000, y: 0, width: 1200, height: 800 };
    window.maximized = true;
    window.emit('close');
    const remembered = await readFile(sizeFile(), 'utf8');
    expect(JSON.parse(remembered)).toEqual({ width: 1200, height: 800, maximized: true });
    const { window: next } = await startedApp((project) =>
      writeFile(join(project, 'user/window.json'), remembered),
    );
    expect(next.options).toMatchObject({ width: 1200, height: 800 });
    expect(next.options).not.toHaveProperty('x');
    next.emit('ready-to-show');
    expect(next.maximize).toHaveBeenCalledOnce();
  });

  it.each([
    '',
    '{',
    'null',
    '{"width":1,"height":1,"maximized":false}',
    '{"width":1e9,"height":800,"maximized":false}',
  ])('has its first size when what was remembered is %j', async (text) => {
    const { window } = await startedApp((project) => writeFile(join(project, 'user/window.json'), text));
    expect(window.options).toMatchObject({ width: 1000, height: 740 });
  });

  it('closes also where its size cannot be remembered', async () => {
    const { window } = await startedApp();
    await rm(electron.settings.userData, { recursive: true });
    expect(() => window.emit('close')).not.toThrow();
  });

  it('has the colour of its page from the start', async () => {
    expect((await startedApp()).window.options['backgroundColor']).toBe('#ffffff');
    electron.nativeTheme.shouldUseDarkColors = true;
    expect((await startedApp()).window.options['backgroundColor']).toBe('#1a1f21');
    electron.nativeTheme.shouldUseDarkColors = false;
  });
});

describe('a backup that the system hands over', () => {
  const argv = process.argv;
  beforeEach(() =>
    Object.defineProperty(process, 'resourcesPath', { value: '/opt/Lifeboat/resources', configurable: true }),
  );
  afterEach(() => {
    process.argv = argv;
    Reflect.deleteProperty(process, 'resourcesPath');
  });

  /** The app started with `args`; before it is packaged, the first of them is the app's own folder. */
  const startedWith = (args: readonly string[], packaged = true) =>
    startedApp(() => {
      process.argv = ['/opt/Lifeboat/lifeboat-wizard', ...args];
      electron.settings.packaged = packaged;
    });
  const givenTo = ({ backend }: StartedApp) => backend.made.flatMap(({ given }) => given);

  it.each([
    ['on the command line', ['/a/b.backup'], true],
    ['after switches of Chromium’s', ['--no-sandbox', '/a/b.backup'], true],
    ['after the folder of an app that is not packaged', ['--no-sandbox', '.', '/a/b.backup'], false],
  ])('%s is given to the wizard', async (_, args, packaged) =>
    expect(givenTo(await startedWith(args, packaged))).toEqual([resolve('/a/b.backup')]),
  );

  it('is not there for a plain start', async () => {
    expect(givenTo(await startedWith([]))).toEqual([]);
    expect(givenTo(await startedWith(['.'], false))).toEqual([]);
  });

  it('reaches the first start through the second, which ends', async () => {
    const app = await startedWith([]);
    process.argv = ['/opt/Lifeboat/lifeboat-wizard', '/a/b.backup'];
    electron.settings.locked = false;
    startApp(app.backend.createBackend);
    expect(electron.app.quit).toHaveBeenCalledOnce();
    const told = electron.app.requestSingleInstanceLock.mock.lastCall?.[0];
    electron.app.emit('second-instance', {}, ['whatever'], '/', told);
    expect(givenTo(app)).toEqual([resolve('/a/b.backup')]);
    expect(app.window.focus).toHaveBeenCalledOnce();
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['nothing of a file', {}],
    ['a bare path', '/a'],
    ['a number', { given: 7 }],
    ['an empty path', { given: '' }],
    ['a path longer than paths can be', { given: 'x'.repeat(40_000) }],
  ])('is none where another start says %s', async (_, told) => {
    const app = await startedWith([]);
    electron.app.emit('second-instance', {}, [], '/', told);
    expect(givenTo(app)).toEqual([]);
    expect(app.window.focus).toHaveBeenCalledOnce();
  });

  it('comes by an event on macOS, also before the app is ready', async () => {
    const event = { preventDefault: vi.fn() };
    const app = await startedApp(() => {
      // As soon as anybody listens, which is before the app is ready.
      electron.app.once('newListener', () =>
        queueMicrotask(() => electron.app.emit('open-file', event, '/a/first')),
      );
    });
    electron.app.emit('open-file', event, '/a/second');
    expect(givenTo(app)).toEqual(['/a/first', '/a/second']);
    expect(event.preventDefault).toHaveBeenCalledTimes(2);
    expect(app.window.focus).toHaveBeenCalledOnce();
  });

  it('is not opened again by a page that comes back from a crash, which it may have caused', async () => {
    const app = await startedWith(['/a/b.backup']);
    app.window.webContents.emit('render-process-gone', {}, { reason: 'crashed' });
    expect(app.backend.made.map(({ given }) => given.length)).toEqual([1, 0]);
  });
});

describe('the app', () => {
  it('runs once: a second start ends, and brings the first to the front', async () => {
    const { window, backend } = await startedApp();
    electron.settings.locked = false;
    startApp(backend.createBackend);
    expect(electron.app.quit).toHaveBeenCalledOnce();
    expect(electron.BrowserWindow.all).toHaveLength(1);
    window.minimized = true;
    electron.app.emit('second-instance');
    expect(window.restore).toHaveBeenCalledOnce();
    expect(window.focus).toHaveBeenCalledOnce();
  });

  it('leaves the sandbox off where a person switched it off, for half of one makes pages crash', async () => {
    await startedApp(() => {
      electron.app.commandLine.hasSwitch.mockImplementation((name) => name === 'no-sandbox');
    });
    expect(electron.app.enableSandbox).not.toHaveBeenCalled();
    electron.app.commandLine.hasSwitch.mockImplementation(() => false);
  });

  it('says so and ends where its page cannot be started at all', async () => {
    const { window } = await startedApp();
    window.webContents.emit('render-process-gone', {}, { reason: 'launch-failed' });
    expect(electron.dialog.showErrorBox).toHaveBeenCalledOnce();
    expect(electron.app.quit).toHaveBeenCalledOnce();
    expect(window.webContents.reload).not.toHaveBeenCalled();
  });

  it('begins its dialogs where the last of their kind ended', async () => {
    const { window } = await startedApp();
    const dialogs = dialogsOf(window as unknown as BrowserWindow);
    electron.dialog.showOpenDialog.mockResolvedValue({ canceled: false, filePaths: ['/media/usb/a.backup'] });
    await dialogs.chooseFile();
    await dialogs.chooseFile();
    await dialogs.chooseFolder();
    const begun = electron.dialog.showOpenDialog.mock.calls.map(
      ([, options]) => (options as { readonly defaultPath?: string }).defaultPath,
    );
    expect(begun.slice(-3)).toEqual([undefined, '/media/usb', undefined]);
  });

  it('ends with its window, after its engine', async () => {
    const { backend } = await startedApp();
    electron.app.emit('window-all-closed');
    expect(electron.app.quit).toHaveBeenCalledOnce();
    const event = { preventDefault: vi.fn() };
    electron.app.emit('will-quit', event);
    expect(event.preventDefault).toHaveBeenCalledOnce();
    expect(backend.made[0]?.closed).toBe(true);
    expect(electron.app.exit).not.toHaveBeenCalled();
    await vi.waitFor(() => expect(electron.app.exit).toHaveBeenCalledOnce());
  });

  it('says why when it cannot start', async () => {
    electron.restart();
    electron.settings.appPath = '/nonexistent';
    startApp(backendDouble().createBackend);
    await vi.waitFor(() => expect(electron.app.exit).toHaveBeenCalledExactlyOnceWith(1));
    expect(electron.dialog.showErrorBox).toHaveBeenCalledExactlyOnceWith(
      'Lifeboat',
      expect.stringContaining('/nonexistent'),
    );
  });

  it('has the keys that people know on their system', async () => {
    await startedApp();
    const roles = (platform: NodeJS.Platform) => menuFor(platform).map(({ role }) => role);
    expect(roles('darwin')).toEqual(['appMenu', 'editMenu', 'window']);
    expect(roles('linux')).toEqual(['fileMenu', 'editMenu', 'window']);
    expect(electron.Menu.setApplicationMenu).toHaveBeenCalledExactlyOnceWith(menuFor(process.platform));
  });
});

describe('an engine in a utility process', () => {
  const started = () => {
    electron.restart();
    const engine = startUtilityEngine();
    const child = electron.utilityProcess.fork.mock.results[0]?.value as electron.FakeUtility;
    return { engine, child };
  };

  it('carries a contract', async () => {
    const { engine, child } = started();
    child.postMessage.mockImplementation((message) => {
      const { id, name } = message as { id: number; name: string };
      child.emit('message', { kind: 'answer', id, result: { ok: true, value: name } });
    });
    expect(await portTransport(engine.port).call('engine.ping', {})).toEqual({
      ok: true,
      value: 'engine.ping',
    });
  });

  it.each([
    ['the reason the app hears before', 'oom', undefined, [], 'oom'],
    ['the reason the app hears after', undefined, 'killed', [], 'killed'],
    [
      'a fatal end of its V8',
      undefined,
      undefined,
      ['FatalError', 'v8::Heap', '{}'],
      'FatalError at v8::Heap',
    ],
    ['its exit code, where nothing else is known', undefined, undefined, [], 'exit code 5'],
  ])('tells %s', async (_, before, after, fatal, told) => {
    const { engine, child } = started();
    const end = new Promise<string>((resolve) => engine.port.onClose(resolve));
    const gone = (reason: string | undefined, name = 'Lifeboat engine') =>
      reason !== undefined && electron.app.emit('child-process-gone', {}, { name, reason });
    gone('crashed', 'Some other service');
    gone(before);
    if (fatal.length > 0) child.emit('error', ...fatal);
    child.emit('exit', 5);
    gone(after);
    expect(await end).toBe(told);
    expect(electron.app.listenerCount('child-process-gone')).toBe(0);
  });

  it('can be killed, also while it is being started', () => {
    const { engine, child } = started();
    child.pid = undefined;
    engine.kill();
    child.emit('spawn');
    expect(child.kill).toHaveBeenCalledTimes(2);
    child.pid = 77;
    engine.kill();
    child.emit('spawn');
    expect(child.kill).toHaveBeenCalledTimes(3);
  });
});

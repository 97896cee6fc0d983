/** Promises of the app's window: whatever a page of it tries, it stays a wizard without a network or a system. */
import { globSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { engineEntry } from '../../main/backend/engine-entry.ts';
import { callChannel, eventChannel } from '../../shared/contract/channels.ts';
import { entriesOf, type Client } from '../../shared/contract/define.ts';
import { wizardContract, type WizardContract } from '../../shared/contract/wizard.ts';
import { startUtilityEngine } from '../../main/app/utility-engine.ts';
import { menuFor } from '../../main/app/menu.ts';
import * as electron from './electron-double.ts';
import { startedApp, type StartedApp } from './started-app.ts';

vi.mock('electron', () => import('./electron-double.ts'));

let app: StartedApp;
beforeEach(async () => void (app = await startedApp()));

/** What the last handler given to a mocked setter answers. */
function handlerGivenTo<T>(setter: { readonly mock: { readonly calls: readonly (readonly [T])[] } }): T {
  const [handler] = setter.mock.calls.at(-1) ?? expect.fail('no handler was set');
  return handler;
}

/** Both sessions: the window's, and the default one that nothing should use. */
const sessions = () => [app.session, electron.session.defaultSession];

/** Every file of the app's two privileged sides, and of what they share with the page. */
function sources(): { readonly path: string; readonly text: string }[] {
  const project = join(import.meta.dirname, '../..');
  return globSync('{main,preload,renderer,shared}/**/*.{ts,tsx}', { cwd: project }).map((path) => ({
    path: path.replaceAll(sep, '/'),
    text: readFileSync(join(project, path), 'utf8'),
  }));
}

describe('the page is sandboxed', () => {
  it('by the preferences of its window, without Node anywhere', () => {
    const { session, preload, ...preferences } = app.window.options.webPreferences;
    expect(preferences).toEqual({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webviewTag: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      navigateOnDragDrop: false,
      spellcheck: false,
      devTools: false,
    });
    expect(preload).toBe(join(electron.settings.appPath, 'dist/preload/preload.cjs'));
    expect(session).toBeInstanceOf(electron.FakeSession);
  });

  it('in every page, before the first is made', () =>
    expect(electron.app.enableSandbox).toHaveBeenCalledOnce());

  it('in a session that is kept in memory and leaves nothing on the computer', () => {
    expect(electron.session.fromPartition).toHaveBeenCalledExactlyOnceWith('lifeboat', { cache: false });
    expect(app.session).not.toBe(electron.session.defaultSession);
  });
});

describe('the preload', () => {
  let ofItsOnlyRun: ReadonlyMap<string, unknown> | undefined;
  const exposedByPreload = async () => {
    await import('../../preload/preload.ts');
    return (ofItsOnlyRun ??= new Map(electron.exposed));
  };

  it('gives the page the contract, the paths of dropped files, and nothing else', async () => {
    const exposed = await exposedByPreload();
    const keys = (value: unknown): unknown =>
      typeof value === 'function'
        ? 'function'
        : Object.fromEntries(Object.entries(value as object).map(([key, inner]) => [key, keys(inner)]));
    expect(keys(Object.fromEntries(exposed))).toMatchInlineSnapshot(`
      {
        "lifeboat": {
          "backup": {
            "cancelUnlock": "function",
            "close": "function",
            "open": "function",
            "openSample": "function",
            "saveRescueKit": "function",
            "unlock": "function",
          },
          "image": {
            "cancel": "function",
            "close": "function",
            "copy": "function",
            "copyProgress": "function",
            "describe": "function",
            "found": "function",
            "list": "function",
            "open": "function",
            "openVolume": "function",
            "planCopy": "function",
            "preview": "function",
            "search": "function",
            "showFolder": "function",
          },
          "mount": {
            "cancel": "function",
            "mount": "function",
            "openFolder": "function",
            "progress": "function",
            "unmount": "function",
          },
          "places": {
            "chooseBackup": "function",
            "chooseFolder": "function",
            "chooseImage": "function",
            "createFolder": "function",
            "given": "function",
            "list": "function",
            "locate": "function",
            "recentFolders": "function",
            "takeGiven": "function",
            "together": "function",
          },
          "preferences": {
            "read": "function",
            "save": "function",
          },
          "program": {
            "byHand": "function",
            "describe": "function",
            "diagnostics": "function",
            "quit": "function",
          },
          "restore": {
            "cancel": "function",
            "finished": "function",
            "pause": "function",
            "plan": "function",
            "progress": "function",
            "qubeFinished": "function",
            "resume": "function",
            "spaceSeen": "function",
            "start": "function",
          },
          "results": {
            "openFolder": "function",
            "save": "function",
            "settingsOf": "function",
          },
        },
        "lifeboatFiles": {
          "pathOf": "function",
        },
      }
    `);
    const calls = Object.values(exposed.get('lifeboat') as object).flatMap((group) =>
      Object.keys(group as object),
    );
    expect(calls).toHaveLength(entriesOf(wizardContract).length);
  });

  it('gives listeners what an event tells, and not the event, whose sender reaches every channel', async () => {
    const { restore } = (await exposedByPreload()).get('lifeboat') as Client<WizardContract>;
    const heard = vi.fn<(...all: readonly unknown[]) => void>();
    restore.progress(heard);
    app.window.webContents.send(eventChannel, 'restore.progress', { told: 1 });
    app.window.webContents.send(eventChannel, 'restore.finished', { told: 2 });
    expect(heard.mock.calls).toEqual([[{ told: 1 }]]);
  });

  it('reaches one channel of the main process, and there is no other', () => {
    expect(electron.channels()).toEqual([callChannel]);
  });

  it('and the main process name the raw channels in two files only', () => {
    const naming = sources().filter(({ text }) => /ipcMain|ipcRenderer/.test(text));
    expect(naming.map(({ path }) => path).sort()).toEqual(['main/app/ipc.ts', 'preload/preload.ts']);
  });
});

describe('the address app://lifeboat/', () => {
  const fetched = async (url: string, init?: RequestInit) => {
    const scheme = url.slice(0, url.indexOf(':'));
    const handler = app.session.handlers.get(scheme) ?? expect.fail(`no handler for ${scheme}`);
    // Chromium hands over URLs as they are; the constructor would refuse none of these.
    const response = await handler(new Request(url, init));
    return { status: response.status, headers: response.headers, body: await response.text() };
  };

  it('is the window’s, and is registered as an origin of its own', () => {
    expect(app.window.webContents.mainFrame.url).toBe('app://lifeboat/');
    expect(electron.protocol.registerSchemesAsPrivileged).toHaveBeenCalledExactlyOnceWith([
      { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true } },
    ]);
  });

  it.each([
    ['app://lifeboat/', '<h1>Lifeboat</h1>', 'text/html; charset=utf-8'],
    ['app://lifeboat/index.html', '<h1>Lifeboat</h1>', 'text/html; charset=utf-8'],
    ['app://lifeboat/assets/index.js?v=1#x', 'export {};', 'text/javascript; charset=utf-8'],
  ])('brings %s with the content policy', async (url, body, type) => {
    const answer = await fetched(url);
    expect([answer.status, answer.body]).toEqual([200, body]);
    expect(Object.fromEntries(answer.headers)).toEqual({
      'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; font-src 'self'; " +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      'content-type': type,
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
  });

  it.each([
    'app://lifeboat/../secret.js',
    'app://lifeboat/assets/../../../secret.js',
    'app://lifeboat/%2e%2e/%2e%2e/secret.js',
    'app://lifeboat/..%2f..%2fsecret.js',
    'app://lifeboat/..\\..\\secret.js',
    'app://lifeboat//etc/passwd',
    'app://lifeboat/etc/passwd%00.js',
    'app://evil/index.html',
    'app://lifeboat.evil/index.html',
  ])('contains what it serves: not %s', async (url) => {
    const { status, body } = await fetched(url);
    expect([status, body]).toEqual([404, '']);
  });

  it('answers nothing but GET', async () =>
    expect((await fetched('app://lifeboat/', { method: 'POST', body: 'x' })).status).toBe(404));

  it('is the only one: file:// is refused', async () => {
    const { status, body } = await fetched('file:///etc/passwd');
    expect([status, body]).toEqual([403, '']);
  });
});

describe('the network', () => {
  it.each([
    'https://example.org/',
    'http://127.0.0.1/',
    'ws://127.0.0.1/',
    'file:///etc/passwd',
    'app://evil/',
    'app://lifeboat.evil/',
    'data:text/html,x',
    'blob:app://lifeboat/x',
    'chrome://gpu/',
    'devtools://devtools/bundled/x',
  ])('is not there for any session: %s', (url) => {
    for (const { webRequest } of sessions()) {
      const decide = vi.fn();
      handlerGivenTo(webRequest.onBeforeRequest)({ url }, decide);
      expect(decide).toHaveBeenCalledExactlyOnceWith({ cancel: true });
    }
  });

  it('does not stand between the page and its own files', () => {
    const decide = vi.fn();
    handlerGivenTo(app.session.webRequest.onBeforeRequest)({ url: 'app://lifeboat/assets/index.js' }, decide);
    expect(decide).toHaveBeenCalledExactlyOnceWith({ cancel: false });
  });

  it('has no names, so that nothing of Chromium’s own goes out either', () => {
    expect(electron.app.commandLine.appendSwitch).toHaveBeenCalledWith(
      'host-resolver-rules',
      'MAP * ~NOTFOUND',
    );
    expect(app.window.webContents.setWebRTCIPHandlingPolicy).toHaveBeenCalledWith('disable_non_proxied_udp');
  });

  it('brings no downloads', () => {
    for (const session of sessions()) {
      const event = { preventDefault: vi.fn() };
      session.emit('will-download', event);
      expect(event.preventDefault).toHaveBeenCalledOnce();
    }
  });
});

describe('the page stays where it is', () => {
  /** The window's contents, and any other that could come to be. */
  const allContents = () => {
    const other = new electron.FakeContents();
    electron.app.emit('web-contents-created', {}, other);
    return [app.window.webContents, other];
  };

  it.each(['will-navigate', 'will-frame-navigate', 'will-redirect', 'will-attach-webview'])(
    '%s is denied',
    (name) => {
      for (const contents of allContents()) {
        const event = { preventDefault: vi.fn(), url: 'app://lifeboat/other' };
        contents.emit(name, event);
        expect(event.preventDefault).toHaveBeenCalledOnce();
      }
    },
  );

  it('reloading itself is what it may do, and its backend is renewed with it', () => {
    const { window, backend } = app;
    const before = backend.made.length;
    const event = { preventDefault: vi.fn(), url: window.webContents.mainFrame.url, defaultPrevented: false };
    window.webContents.emit('will-navigate', event);
    window.webContents.emit('will-frame-navigate', event);
    expect(event.preventDefault).not.toHaveBeenCalled();
    expect(backend.made).toHaveLength(before + 1);
    expect(backend.made[before - 1]?.closed).toBe(true);
  });

  it('window.open is denied', () => {
    for (const contents of allContents()) {
      expect(handlerGivenTo(contents.setWindowOpenHandler)()).toEqual({ action: 'deny' });
    }
  });

  it('nothing opens addresses or files in another program', () => {
    const opening = sources().filter(({ text }) => /shell\.open|openExternal/.test(text));
    expect(opening.map(({ path }) => path)).toEqual([]);
  });

  it('no menu reloads it or opens developer tools', () => {
    for (const platform of ['linux', 'darwin', 'win32'] as const) {
      expect(JSON.stringify(menuFor(platform))).not.toMatch(/reload|devtools|viewMenu/i);
    }
  });
});

describe('permissions', () => {
  it.each([
    'media',
    'geolocation',
    'notifications',
    'clipboard-read',
    'fullscreen',
    'usb',
    'openExternal',
    'fileSystem',
  ])('%s is denied when requested and when checked', (permission) => {
    for (const session of sessions()) {
      const decide = vi.fn();
      handlerGivenTo(session.setPermissionRequestHandler)({}, permission, decide, {});
      expect(decide).toHaveBeenCalledExactlyOnceWith(false);
      expect(handlerGivenTo(session.setPermissionCheckHandler)({}, permission, 'app://lifeboat', {})).toBe(
        false,
      );
      expect(handlerGivenTo(session.setDevicePermissionHandler)({ deviceType: permission })).toBe(false);
    }
  });
});

describe('a call is refused', () => {
  const refusal = { ok: false, problem: { code: 'unexpected' } };

  it.each([
    [
      'another window',
      () => ({ sender: new electron.FakeContents(), senderFrame: app.window.webContents.mainFrame }),
    ],
    [
      'another window that shows the wizard’s own address',
      () => {
        const sender = new electron.FakeContents();
        sender.mainFrame.url = 'app://lifeboat/';
        return { sender, senderFrame: sender.mainFrame };
      },
    ],
    [
      'a frame inside the page',
      () => ({ ...electron.wizardPage(), senderFrame: { url: 'app://lifeboat/' } }),
    ],
    ['a frame that is gone', () => ({ ...electron.wizardPage(), senderFrame: null })],
  ])('from %s', async (_, sender) => {
    const answer = await electron.invokeAs(sender(), callChannel, 'program.describe', undefined);
    expect(answer).toMatchObject(refusal);
    expect(app.backend.reached).toEqual([]);
  });

  it.each([
    'https://evil.example/',
    'file:///x/index.html',
    'app://evil/',
    'about:blank',
    '',
    'app://lifeboat.evil/',
  ])('from the window itself once it shows %j', async (url) => {
    app.window.webContents.mainFrame.url = url;
    const answer = await electron.invokeAs(electron.wizardPage(), callChannel, 'program.describe', undefined);
    expect(answer).toMatchObject(refusal);
    expect(app.backend.reached).toEqual([]);
  });

  it.each([
    ['an unknown name', 'places.forget', {}],
    ['a name out of prototypes', '__proto__.constructor', {}],
    ['the name of an event', 'restore.progress', {}],
    ['a name that is none', 7, {}],
    ['a name that is an object', { toString: 'x' }, {}],
    ['arguments that are missing', 'places.locate', undefined],
    ['arguments of a wrong shape', 'places.locate', { path: ['/a'], kind: 'backup' }],
    ['arguments where none belong', 'program.describe', { anything: 1 }],
    ['a path longer than paths can be', 'places.locate', { path: 'x'.repeat(40_000), kind: 'backup' }],
    [
      'too many names',
      'restore.plan',
      { backupId: 'x', qubes: Array(10_001).fill('q'), mode: 'verify', folderId: null },
    ],
  ])('with %s', async (_, name, args) => {
    expect(await electron.invokeAs(electron.wizardPage(), callChannel, name, args)).toMatchObject(refusal);
    expect(app.backend.reached).toEqual([]);
  });
});

describe('the engine', () => {
  it('sees no more of the environment than it needs', () => {
    vi.stubEnv('LIFEBOAT_CANARY', 'secret');
    vi.stubEnv('NODE_OPTIONS', '--inspect');
    vi.stubEnv('TZ', 'UTC');
    onTestFinished(() => void vi.unstubAllEnvs());
    startUtilityEngine();
    const [entry, args, options] = electron.utilityProcess.fork.mock.calls[0] ?? expect.fail('no engine');
    expect(entry).toBe(engineEntry.path);
    expect(args).toEqual([]);
    expect(options).toMatchObject({
      serviceName: 'Lifeboat engine',
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const names = Object.keys(options['env'] as object);
    expect(names).toContain('TZ');
    expect(names.filter((name) => !['TZ', 'LANG', 'LC_ALL', 'SystemRoot'].includes(name))).toEqual([]);
  });
});

describe('a passphrase', () => {
  it('goes to the backend and comes back in no answer, log or argument', async () => {
    const canary = 'canary-4417';
    const printed = vi.spyOn(process.stdout, 'write');
    const complained = vi.spyOn(process.stderr, 'write');
    onTestFinished(() => {
      printed.mockRestore();
      complained.mockRestore();
    });
    const args = { backupId: 'x', passphrase: canary, acceptUnsealed: false, allowSlow: false };
    const answers = [
      await electron.invokeAs(electron.wizardPage(), callChannel, 'backup.unlock', args),
      await electron.invokeAs(electron.wizardPage(), callChannel, 'backup.unlock', { ...args, backupId: 7 }),
      await electron.invokeAs({ sender: null, senderFrame: null }, callChannel, 'backup.unlock', args),
      await electron.invokeAs(electron.wizardPage(), callChannel, 'backup.open', args),
    ];
    expect(app.backend.reached).toEqual([['backup.unlock', args]]);
    expect(JSON.stringify(answers)).not.toContain(canary);
    const output = [...printed.mock.calls, ...complained.mock.calls].flat().map(String);
    expect(output.join()).not.toContain(canary);
    expect(process.argv.join()).not.toContain(canary);
  });
});

/**
 * Stands in for Electron under the real code of `main/app` and `preload`: keeps what was asked of it, and carries
 * calls between the two sides of IPC as structured clones, like Electron does.
 *
 *     vi.mock('electron', () => import('./electron-double.ts'));
 */
import { EventEmitter } from 'node:events';
import { vi } from 'vitest';

type Listener = (...args: readonly unknown[]) => unknown;

/** What the tests set before, and look at after. */
export const settings = { appPath: '', userData: '', packaged: false, locked: true, notifications: true };

export class FakeContents extends EventEmitter {
  readonly mainFrame = { url: '', parent: null };
  readonly setWindowOpenHandler = vi.fn<(handler: () => { action: string }) => void>();
  readonly setWebRTCIPHandlingPolicy = vi.fn<(policy: string) => void>();
  readonly reload = vi.fn<() => void>();
  readonly getURL = () => this.mainFrame.url;

  send(channel: string, ...args: readonly unknown[]): void {
    for (const listener of rendererListeners.get(channel) ?? []) listener({}, ...structuredClone(args));
  }
}

export class BrowserWindow extends EventEmitter {
  static readonly all: BrowserWindow[] = [];
  readonly webContents = new FakeContents();
  readonly options: { readonly webPreferences: Readonly<Record<string, unknown>> } & Readonly<
    Record<string, unknown>
  >;
  readonly show = vi.fn<() => void>();
  readonly maximize = vi.fn<() => void>();
  readonly restore = vi.fn<() => void>();
  readonly focus = vi.fn<() => void>();
  readonly flashFrame = vi.fn<(flash: boolean) => void>();
  readonly setProgressBar = vi.fn<(fraction: number, options?: { mode: string }) => void>();
  destroyed = false;
  focused = true;
  minimized = false;
  maximized = false;
  bounds = { x: 1, y: 2, width: 900, height: 700 };

  constructor(options: BrowserWindow['options']) {
    super();
    this.options = options;
    BrowserWindow.all.push(this);
    app.emit('web-contents-created', {}, this.webContents);
  }

  loadURL(url: string): Promise<void> {
    this.webContents.mainFrame.url = url;
    return Promise.resolve();
  }

  isDestroyed = () => this.destroyed;
  isFocused = () => this.focused;
  isMinimized = () => this.minimized;
  isMaximized = () => this.maximized;
  getNormalBounds = () => this.bounds;
}

export class FakeSession extends EventEmitter {
  readonly handlers = new Map<string, (request: Request) => Response | Promise<Response>>();
  readonly protocol = {
    handle: (scheme: string, handler: (request: Request) => Response) =>
      void this.handlers.set(scheme, handler),
  };
  readonly setPermissionRequestHandler = vi.fn<(handler: Listener) => void>();
  readonly setPermissionCheckHandler = vi.fn<(handler: Listener) => void>();
  readonly setDevicePermissionHandler = vi.fn<(handler: Listener) => void>();
  readonly webRequest = { onBeforeRequest: vi.fn<(handler: Listener) => void>() };
}

export const session = {
  defaultSession: new FakeSession(),
  fromPartition: vi.fn<(name: string, options: unknown) => FakeSession>(() => new FakeSession()),
};

class FakeApp extends EventEmitter {
  readonly enableSandbox = vi.fn<() => void>();
  readonly commandLine = {
    appendSwitch: vi.fn<(name: string, value?: string) => void>(),
    hasSwitch: vi.fn<(name: string) => boolean>(() => false),
  };
  readonly quit = vi.fn<() => void>();
  readonly exit = vi.fn<(code?: number) => void>();
  readonly setAppUserModelId = vi.fn<(id: string) => void>();
  get isPackaged(): boolean {
    return settings.packaged;
  }
  readonly requestSingleInstanceLock = vi.fn<(told?: unknown) => boolean>();
  whenReady = () => Promise.resolve();
  getAppPath = () => settings.appPath;
  getPath = () => settings.userData;
  getName = () => 'Lifeboat';
  getVersion = () => '1.2.3';
  getLocale = () => 'de';
}
export const app = new FakeApp();

export const protocol = { registerSchemesAsPrivileged: vi.fn<(schemes: unknown) => void>() };
export const dialog = {
  showOpenDialog: vi.fn<(window: BrowserWindow, options: unknown) => Promise<unknown>>(),
  showSaveDialog: vi.fn<(window: BrowserWindow, options: unknown) => Promise<unknown>>(),
  showErrorBox: vi.fn<(title: string, text: string) => void>(),
};
export const shell = { showItemInFolder: vi.fn<(path: string) => void>() };
export const nativeTheme = { shouldUseDarkColors: false };
export const powerSaveBlocker = {
  start: vi.fn<(type: string) => number>(),
  stop: vi.fn<(id: number) => void>(),
};
export const Menu = {
  buildFromTemplate: vi.fn<(template: unknown) => unknown>((template) => template),
  setApplicationMenu: vi.fn<(menu: unknown) => void>(),
};

export class Notification extends EventEmitter {
  static readonly all: Notification[] = [];
  static isSupported = () => settings.notifications;
  readonly options: unknown;
  readonly show = vi.fn<() => void>();

  constructor(options: unknown) {
    super();
    this.options = options;
    Notification.all.push(this);
  }
}

export class FakeUtility extends EventEmitter {
  pid: number | undefined = 77;
  readonly postMessage = vi.fn<(message: unknown) => void>();
  readonly kill = vi.fn<() => boolean>();
}
export const utilityProcess = {
  fork: vi.fn<(path: string, args: readonly string[], options: Record<string, unknown>) => FakeUtility>(
    () => new FakeUtility(),
  ),
};

const mainHandlers = new Map<string, Listener>();
const rendererListeners = new Map<string, Set<Listener>>();

export const ipcMain = {
  handle(channel: string, handler: Listener): void {
    if (mainHandlers.has(channel)) throw new Error(`a second handler for ${channel}`);
    mainHandlers.set(channel, handler);
  },
};

/** Who sends: the page in the window's top frame, unless a test says otherwise. */
export interface Sender {
  readonly sender: unknown;
  readonly senderFrame: unknown;
}

/** Sends on a channel as `from`, who may be somebody that our preload would never let. */
export async function invokeAs(from: Sender, channel: string, ...args: readonly unknown[]): Promise<unknown> {
  const handler = mainHandlers.get(channel);
  if (!handler) throw new Error(`no handler for ${channel}`);
  return structuredClone(await handler(from, ...structuredClone(args)));
}

/** The wizard's page as a sender. */
export function wizardPage(): Sender {
  const sender = BrowserWindow.all[0]?.webContents;
  return { sender, senderFrame: sender?.mainFrame };
}

/** The channels that the main process listens on. */
export const channels = () => [...mainHandlers.keys()];

export const ipcRenderer = {
  invoke: (channel: string, ...args: readonly unknown[]) => invokeAs(wizardPage(), channel, ...args),
  on(channel: string, listener: Listener): void {
    rendererListeners.set(channel, (rendererListeners.get(channel) ?? new Set()).add(listener));
  },
  off(channel: string, listener: Listener): void {
    rendererListeners.get(channel)?.delete(listener);
  },
};

/** What the preload put on the page's window. */
export const exposed = new Map<string, unknown>();
export const contextBridge = {
  exposeInMainWorld: (name: string, value: unknown) => void exposed.set(name, value),
};
export const webUtils = { getPathForFile: (file: File) => `/dropped/${file.name}` };

/** Forgets everything, as a new start of the program would. */
export function restart(): void {
  vi.resetAllMocks();
  app.requestSingleInstanceLock.mockImplementation(() => settings.locked);
  Object.assign(settings, { appPath: '', userData: '', packaged: false, locked: true, notifications: true });
  BrowserWindow.all.length = 0;
  Notification.all.length = 0;
  mainHandlers.clear();
  rendererListeners.clear();
  exposed.clear();
  app.removeAllListeners();
  session.defaultSession = new FakeSession();
}

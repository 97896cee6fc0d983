/**
 * What no page may do, whatever it holds: go elsewhere, open windows, ask for permissions, reach the network,
 * or save files. The wizard needs none of it, so there are no exceptions to reason about.
 */
import {
  app,
  type Event,
  type Session,
  type WebContents,
  type WebContentsWillFrameNavigateEventParams as Navigated,
} from 'electron';
import { isOwn } from './protocol.ts';

/** Denies every permission, download and request in `session`, except requests for the wizard's own pages. */
export function lockSession(session: Session): void {
  session.setPermissionRequestHandler((_contents, _permission, decide) => decide(false));
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
  session.webRequest.onBeforeRequest(({ url }, decide) => decide({ cancel: !isOwn(url) }));
  session.on('will-download', refuse);
}

/** Keeps `contents` on the page it was given, without windows or guests of its own. */
export function lockContents(contents: WebContents): void {
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  const refuseOthers = (event: Event<Navigated>): void => {
    // Reloading counts as a navigation of the page: what broke offers it.
    if (event.url !== contents.getURL() || !isOwn(event.url)) event.preventDefault();
  };
  contents.on('will-navigate', refuseOthers);
  contents.on('will-frame-navigate', refuseOthers);
  contents.on('will-redirect', refuse);
  contents.on('will-attach-webview', refuse);
  contents.setWebRTCIPHandlingPolicy('disable_non_proxied_udp');
}

/**
 * Sandboxes every page, unless the person switched the sandbox off: half of it would make pages crash. Locks each page as
 * it is made, and takes all names out of the network. Before the app is ready.
 */
export function lockApp(): void {
  if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox();
  app.commandLine.appendSwitch('host-resolver-rules', 'MAP * ~NOTFOUND');
  app.on('web-contents-created', (_event, contents) => lockContents(contents));
}

function refuse(event: Pick<Event, 'preventDefault'>): void {
  event.preventDefault();
}

/** The names under which the contract travels over Electron's IPC, and the browser host's equivalent of them. */

/** Takes a call's name and arguments, answers its result. */
export const callChannel = 'lifeboat:call';

/** Brings an event's name and payload to the window. */
export const eventChannel = 'lifeboat:event';

/** What the browser host listens on: `POST /call/<name>` with JSON, and a stream of events. */
export const callPath = '/call/';
export const eventsPath = '/events';

/** The header by which a call says which page it comes from, and the parameter by which the stream says it. */
export const pageHeader = 'lifeboat-page';
export const pageParameter = 'page';

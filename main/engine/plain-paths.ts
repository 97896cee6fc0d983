/**
 * Has Electron take every path of this thread for what it is. It wraps `fs` so that a path that ends in `.asar` is an
 * archive of an app; in the home of a person such a file is one like any other (Electron: lib/node/asar-fs-wrapper.ts, which
 * asks at each call). To be imported before anything else by whatever thread reads or writes files of people.
 */

(process as { noAsar?: boolean }).noAsar = true;

/** Backups that the system hands the app: on its command line, through a second start of it, or by an event of macOS. */
import { app } from 'electron';
import * as z from 'zod/mini';
import { filesAmong } from '../backend/given.ts';

/** What a second start tells the first one, before it ends. Any program of this user could say it. */
const secondStart = z.object({ given: z.string().check(z.minLength(1), z.maxLength(32_768)) });

/** What this start has to tell, as the data of its request to be the only one. */
export function ownGiven(): { readonly given?: string } {
  const files = filesAmong(process.argv.slice(1), process.cwd());
  // Before it is packaged, the first file is the app itself.
  const given = files[app.isPackaged ? 0 : 1];
  return given === undefined ? {} : { given };
}

/**
 * Hears from now on what the app is given, which on macOS begins before it is ready. The function that it gives takes
 * the listener, and tells it what came before.
 */
export function watchGiven(own: { readonly given?: string }): (listener: (path: string) => void) => void {
  let waiting = own.given;
  let hear = (path: string): void => {
    waiting = path;
  };
  app.on('open-file', (event, path) => {
    event.preventDefault();
    hear(path);
  });
  app.on('second-instance', (_event, _args, _folder, data) => {
    const told = z.safeParse(secondStart, data);
    if (told.success) hear(told.data.given);
  });
  return (listener) => {
    hear = listener;
    if (waiting !== undefined) listener(waiting);
  };
}

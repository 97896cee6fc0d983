/**
 * Wraps `fs` as Electron does in every process that runs Node: a path through a name that ends in `.asar`, where that is no
 * folder, is looked for in an archive of an app, and what is no archive is refused. `process.noAsar` switches it off, and
 * is asked at each call (Electron: lib/node/asar-fs-wrapper.ts, `splitPath` and `isAsarDisabled`).
 *
 * To be loaded before what is to run under it.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const isDisabled = () => (process as { noAsar?: boolean }).noAsar === true;
const { statSync } = fs;

function leadsIntoArchive(path: unknown): boolean {
  if (isDisabled()) return false;
  const text = Buffer.isBuffer(path) || typeof path === 'string' ? path.toString() : '';
  const archive = /^.*?\.asar(?=\/|$)/i.exec(text)?.[0];
  return archive !== undefined && statSync(archive, { throwIfNoEntry: false })?.isDirectory() !== true;
}

const refusal = (path: unknown) => new Error(`Invalid package ${String(path)}`);

/** What Electron wraps of `fs.promises`, as far as this project calls it. */
const wrapped = [
  'open',
  'lstat',
  'stat',
  'readFile',
  'readdir',
  'mkdir',
  'access',
  'realpath',
  'readlink',
] as const;

for (const name of wrapped) {
  const original = fs.promises[name] as (path: unknown, ...rest: unknown[]) => Promise<unknown>;
  Object.assign(fs.promises, {
    [name]: (path: unknown, ...rest: unknown[]) =>
      leadsIntoArchive(path) ? Promise.reject(refusal(path)) : original(path, ...rest),
  });
}
syncBuiltinESMExports();

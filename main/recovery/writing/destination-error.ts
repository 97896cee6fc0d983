/** What a failure of the operating system to write into a destination means: the one table of it, for all rooms. */
import { getSystemErrorMap } from 'node:util';
import { problem, RecoveryError, type Problem } from '../../../shared/problems.ts';
import { errnoOf } from '../bytes/source.ts';

/** The largest file of FAT, the one file system with such a limit that people still have. */
export const fatFileLimit = 2 ** 32 - 1;

type Meaning = (path: string, errno: string) => Problem;

const full: Meaning = (path) => problem('dest-ran-full', { path });
const denied: Meaning = (path) => problem('dest-denied', { path });
const occupied: Meaning = (path) => problem('dest-occupied', { path });
const nameRefused: Meaning = (path) => problem('dest-name-refused', { path });
const tooManyOpen: Meaning = (path) => problem('too-many-open-files', { path });
const busy: Meaning = (path) => problem('dest-busy', { path });
const lost: Meaning = (path, reason) => problem('dest-lost', { path, reason });

const meanings: ReadonlyMap<string, Meaning> = new Map([
  ['ENOSPC', full],
  ['EDQUOT', full],
  ['EFBIG', (path) => problem('dest-file-limit', { path, limit: fatFileLimit })],
  ['EROFS', (path) => problem('dest-read-only', { path })],
  ['EACCES', denied],
  ['EPERM', denied],
  ['EEXIST', occupied],
  ['ENOTEMPTY', occupied],
  ['ENOENT', (path) => problem('dest-missing', { path })],
  ['ENOTDIR', (path) => problem('dest-not-a-folder', { path })],
  ['ENAMETOOLONG', nameRefused],
  ['EILSEQ', nameRefused],
  ['EMFILE', tooManyOpen],
  ['ENFILE', tooManyOpen],
  ['EBUSY', busy],
  ['ETXTBSY', busy],
  ['EIO', lost],
  ['ENXIO', lost],
  ['ENODEV', lost],
  ['ESTALE', lost],
  ['ETIMEDOUT', lost],
  ['ENOTCONN', lost],
  ['ECONNRESET', lost],
  ['ENETDOWN', lost],
  ['ENETUNREACH', lost],
  ['EHOSTDOWN', lost],
  ['EHOSTUNREACH', lost],
]);

const refused: Meaning = (path, errno) => problem('dest-refused', { path, reason: inWords(errno) });

/** What a failure to write at `path` means; any other than the system's is passed on as it is. */
export function destinationError(path: string, error: unknown): Error {
  if (!isOfSystem(error)) return error instanceof Error ? error : new Error(String(error));
  const errno = errnoOf(error);
  return new RecoveryError((meanings.get(errno) ?? refused)(path, errno), { cause: error });
}

/** What the destination refused to one entry: another one may still be written. */
const ofOneEntry = new Set<Problem['code']>([
  'dest-name-refused',
  'dest-file-limit',
  'dest-denied',
  'dest-busy',
  'dest-refused',
  'too-many-open-files',
]);

/** Whether a refusal costs the entry that it befell, and no other. */
export function costsOneEntry({ code }: Problem): boolean {
  return ofOneEntry.has(code);
}

/** The `dest-lost` of a drive that is still there: what it answered once. */
export function refusedOnce({ params }: Extract<Problem, { code: 'dest-lost' }>): Problem {
  return refused(String(params.path), String(params.reason));
}

/** What the system calls the failure `errno`, as `illegal operation on a directory (EISDIR)`. */
export function inWords(errno: string): string {
  for (const [name, words] of getSystemErrorMap().values()) if (name === errno) return `${words} (${errno})`;
  return errno;
}

/** Errors of the operating system have a code, and so have those of Node about its arguments, which begin otherwise. */
export function isOfSystem(error: unknown): error is NodeJS.ErrnoException {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    /^(?:E(?!RR_)[A-Z0-9]+$|Unknown system error)/.test(error.code)
  );
}

/** Ids of files in an image taken apart: they are the bytes of a path, in base64url. */
import type { EntryId } from '../../shared/image.ts';

/** The folder in which everything else lies. */
export const root: EntryId = '';

function bytesOf(id: EntryId): string {
  return atob(id.replaceAll('-', '+').replaceAll('_', '/'));
}

function idOf(bytes: string): EntryId {
  return btoa(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** The folder that holds an entry; null for the root. */
export function parentOf(id: EntryId): EntryId | null {
  if (id === root) return null;
  const bytes = bytesOf(id);
  return idOf(bytes.slice(0, Math.max(0, bytes.lastIndexOf('/'))));
}

/** The folders on the way to an entry and itself, the root first. */
export function wayTo(id: EntryId): readonly EntryId[] {
  const bytes = bytesOf(id);
  if (bytes === '') return [root];
  const ends = Array.from(bytes, (byte, at) => (byte === '/' ? at : -1)).filter((at) => at > 0);
  return [root, ...ends.map((end) => idOf(bytes.slice(0, end))), id];
}

/** The last name of a path as text, where nothing better is known: bytes that are no text read as a mark. */
export function lastName(id: EntryId): string {
  const bytes = bytesOf(id);
  const name = bytes.slice(bytes.lastIndexOf('/') + 1);
  return new TextDecoder().decode(Uint8Array.from(name, (byte) => byte.charCodeAt(0)));
}

/**
 * Damage and forgery on finished backup files, by byte offset: what a dying disk, a cut copy or an attacker does.
 *
 * An operation is a pure function from the bytes of a backup to those of the damaged one; `operate` applies some
 * to a file. Everything is held in memory, so this is for backups of megabytes. The walker here is the tests' own
 * on purpose: it shares no code, and so no mistake, with the reader that it tests.
 *
 *     await operate(good, bad, flipByte('vm1/private.img.001.enc', 'data'), dropMember('vm1/icon.png.000.enc'));
 */
import { readFile, writeFile } from 'node:fs/promises';

/** Where one member lies; offsets in bytes from the start of the backup. */
export interface PlacedMember {
  readonly name: string;
  /** The first block of its own archive: an extended header where it has one, its header otherwise. */
  readonly start: number;
  readonly header: number;
  readonly data: number;
  readonly size: number;
  /** Past the zero blocks that end its archive: where the next member starts. */
  readonly end: number;
}

export type Operation = (backup: Buffer) => Buffer;

const block = 512;

/** Where the members of a whole, undamaged backup lie, in their order. */
export function placeMembers(backup: Buffer): PlacedMember[] {
  const members: PlacedMember[] = [];
  let start: number | undefined;
  for (let at = 0; at + block <= backup.length;) {
    if (backup[at] === 0) {
      at += block;
      continue;
    }
    start ??= at;
    const size = Number.parseInt(backup.toString('latin1', at + 124, at + 135), 8);
    const next = at + block + Math.ceil(size / block) * block;
    if (backup[at + 156] === 'x'.charCodeAt(0)) {
      at = next;
      continue;
    }
    const name = backup.toString('utf8', at, at + 100).replace(/\0.*$/s, '');
    members.push({ name, start, header: at, data: at + block, size, end: next });
    start = undefined;
    at = next;
  }
  return members.map((member, index) => ({ ...member, end: members[index + 1]?.start ?? backup.length }));
}

/** The first member called `name`. */
export function findMember(backup: Buffer, name: string): PlacedMember {
  const member = placeMembers(backup).find((placed) => placed.name === name);
  if (member === undefined) throw new RangeError(`the backup has no member ${name}`);
  return member;
}

/** Applies operations one after another to the backup `from` and writes the outcome to `to`. */
export async function operate(from: string, to: string, ...operations: readonly Operation[]): Promise<void> {
  let bytes: Buffer = await readFile(from);
  for (const operation of operations) bytes = operation(bytes);
  await writeFile(to, bytes);
}

/**
 * A place in a member. The named ones are those of a scrypt container (offsets 0, 7, 8, 12, 16, 48 and 64, the
 * middle of its data, the last byte of its trailer), `tar header` the checksum field before it; a number counts
 * from the member's first byte.
 */
export type Place = keyof typeof containerOffsets | 'data' | 'trailer' | 'tar header' | number;

const containerOffsets = {
  magic: 0,
  logN: 7,
  r: 8,
  p: 12,
  salt: 16,
  checksum: 48,
  'header mac': 64,
} as const;

function offsetOf(member: PlacedMember, place: Place): number {
  if (typeof place === 'number') return member.data + place;
  switch (place) {
    case 'tar header':
      return member.header + 148;
    case 'data':
      // Between the header of 96 bytes and the trailer of 32.
      return member.data + 96 + Math.floor((member.size - 96 - 32) / 2);
    case 'trailer':
      return member.data + member.size - 1;
    default:
      return member.data + containerOffsets[place];
  }
}

/** Inverts one bit of the byte at a place of a member. */
export function flipByte(name: string, place: Place): Operation {
  return (backup) => {
    const changed = Buffer.from(backup);
    const offset = offsetOf(findMember(backup, name), place);
    changed.writeUInt8(changed.readUInt8(offset) ^ 1, offset);
    return changed;
  };
}

/** Overwrites bytes from a place of a member on. */
export function overwrite(name: string, place: Place, bytes: Uint8Array): Operation {
  return (backup) => {
    const changed = Buffer.from(backup);
    changed.set(bytes, offsetOf(findMember(backup, name), place));
    return changed;
  };
}

/** Damages a member's header so that nothing in it is its name. */
export function spoilName(name: string): Operation {
  return (backup) => {
    const { header } = findMember(backup, name);
    return Buffer.from(backup).fill('\x07', header, header + name.length);
  };
}

/** Takes a member out, with its padding. */
export function dropMember(name: string): Operation {
  return (backup) => {
    const { start, end } = findMember(backup, name);
    return Buffer.concat([backup.subarray(0, start), backup.subarray(end)]);
  };
}

/** Stores a second copy of a member right after it, changed by `change` (of the copy's own archive). */
export function duplicateMember(name: string, change: Operation = (copy) => copy): Operation {
  return (backup) => {
    const { start, end } = findMember(backup, name);
    const copy = change(Buffer.from(backup.subarray(start, end)));
    return Buffer.concat([backup.subarray(0, end), copy, backup.subarray(end)]);
  };
}

/** Gives a member another name, of at most 99 bytes, under a right checksum. */
export function renameMember(name: string, to: string): Operation {
  return (backup) => {
    const changed = Buffer.from(backup);
    const { header } = findMember(backup, name);
    changed.fill(0, header, header + 100).write(to, header, 99, 'utf8');
    // POSIX ustar: the sum of all bytes of the header, its own field counted as blanks.
    changed.fill(' ', header + 148, header + 156);
    const sum = changed.subarray(header, header + block).reduce((total, byte) => total + byte, 0);
    changed.write(`${sum.toString(8).padStart(6, '0')}\0 `, header + 148, 'latin1');
    return changed;
  };
}

/** Exchanges the contents of two members: each then carries the other's name. */
export function swapNames(one: string, other: string): Operation {
  const aside = 'lifeboat-surgery-aside';
  return (backup) =>
    [renameMember(one, aside), renameMember(other, one), renameMember(aside, other)].reduce(
      (bytes, operation) => operation(bytes),
      backup,
    );
}

/** Cuts the backup off at an offset. */
export function truncateAt(offset: number): Operation {
  return (backup) => backup.subarray(0, offset);
}

/** Cuts the backup off before a member, inside its header, inside its data, or right after its data. */
export function truncateNear(
  name: string,
  where: 'before' | 'in header' | 'in data' | 'after data',
): Operation {
  return (backup) => {
    const { start, header, data, size } = findMember(backup, name);
    const offsets = {
      before: start,
      'in header': header + 200,
      'in data': data + Math.floor(size / 2),
      'after data': data + size,
    };
    return backup.subarray(0, offsets[where]);
  };
}

/** Adds bytes at the end of the backup. */
export function append(bytes: Uint8Array): Operation {
  return (backup) => Buffer.concat([backup, bytes]);
}

/** Puts bytes before a member's archive. */
export function insertBefore(name: string, bytes: Uint8Array): Operation {
  return (backup) => {
    const { start } = findMember(backup, name);
    return Buffer.concat([backup.subarray(0, start), bytes, backup.subarray(start)]);
  };
}

/**
 * Tar archives laid out by hand, field by field, for what no tool would write: lying sizes, maps and names.
 *
 * The layout is that of POSIX.1-2001 (pax, "ustar Interchange Format") and of the GNU tar manual ("Basic Tar
 * Format", "Storing Sparse Files"). It shares no code with the reader. Where a sound archive comes out, the tests
 * let GNU tar judge it.
 */

const block = 512;

/** Fields of a header; numbers are written in octal unless they are given as bytes. */
export interface HeaderFields {
  readonly name?: string;
  readonly mode?: number;
  readonly size?: number | Uint8Array;
  readonly modified?: number | Uint8Array;
  readonly type?: string;
  readonly linkName?: string;
  /** `ustar\0` + `00` unless told; `gnu` for the form of GNU tar, `none` for that of version 7. */
  readonly magic?: 'ustar' | 'gnu' | 'none';
  readonly prefix?: string;
  /** Raw bytes by their offset, written last, before the checksum is taken. */
  readonly raw?: Readonly<Record<number, string | Uint8Array>>;
}

const magics = { ustar: 'ustar\x0000', gnu: 'ustar  \0', none: '' } as const;

/** One header block under a right checksum. */
export function headerBlock(fields: HeaderFields): Buffer {
  const { name = 'file', mode = 0o644, size = 0, modified = 0, type = '0', linkName = '' } = fields;
  const bytes = Buffer.alloc(block);
  bytes.write(name, 0, 100);
  writeNumber(bytes, 100, 8, mode);
  writeNumber(bytes, 108, 8, 0);
  writeNumber(bytes, 116, 8, 0);
  writeNumber(bytes, 124, 12, size);
  writeNumber(bytes, 136, 12, modified);
  bytes.write(type, 156, 1, 'latin1');
  bytes.write(linkName, 157, 100);
  bytes.write(magics[fields.magic ?? 'ustar'], 257, 'latin1');
  bytes.write(fields.prefix ?? '', 345, 155);
  for (const [offset, raw] of Object.entries(fields.raw ?? {})) {
    bytes.set(typeof raw === 'string' ? Buffer.from(raw, 'latin1') : raw, Number(offset));
  }
  return withChecksum(bytes);
}

/** Gives a header block, in place, the checksum that its bytes have. */
export function withChecksum(header: Buffer): Buffer {
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

function writeNumber(header: Buffer, offset: number, length: number, value: number | Uint8Array): void {
  if (typeof value === 'number') header.write(octal(value, length - 1), offset, 'latin1');
  else header.set(value, offset);
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}

/** A number in base 256 as GNU tar writes those that octal digits cannot hold; negative ones in two's complement. */
export function base256(value: bigint, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = length - 1, rest = BigInt.asUintN(8 * length, value); i >= 0; i--, rest >>= 8n) {
    bytes[i] = Number(rest & 0xffn);
  }
  bytes[0] = (bytes[0] ?? 0) | 0x80;
  return bytes;
}

/** Data padded to whole blocks. */
export function padded(data: Uint8Array | string): Buffer {
  const bytes = Buffer.from(data);
  return Buffer.concat([bytes, Buffer.alloc((block - (bytes.length % block)) % block)]);
}

/** A whole member: its header with the right size, and its data. */
export function member(fields: HeaderFields, data: Uint8Array | string = ''): Buffer {
  const bytes = Buffer.from(data);
  return Buffer.concat([headerBlock({ size: bytes.length, ...fields }), padded(bytes)]);
}

/** The two blocks of zeros that end an archive. */
export const archiveEnd = Buffer.alloc(2 * block);

/** The records of a pax header, each with its own length before it. */
export function paxRecords(records: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(
    records.map(([key, value]) => {
      const rest = Buffer.from(` ${key}=${value}\n`);
      let length = rest.length;
      while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
      return Buffer.concat([Buffer.from(String(length)), rest]);
    }),
  );
}

/** An extended header of type `x` (or `g`) with these records. */
export function paxHeader(records: readonly (readonly [string, string])[], type: 'x' | 'g' = 'x'): Buffer {
  return member({ name: 'PaxHeaders/file', type }, paxRecords(records));
}

/** A range of a sparse file. */
export type Range = readonly [offset: number | string, length: number | string];

/** The map of PAX 1.0 as it stands before the data. `count` can lie. */
export function pax1Map(ranges: readonly Range[], count: number | string = ranges.length): Buffer {
  return padded([count, ...ranges.flat()].map((number) => `${number}\n`).join(''));
}

export interface Pax1Fields {
  readonly name?: string;
  readonly realSize: number | string;
  readonly map: Uint8Array;
  readonly data: Uint8Array;
  /** Size of the member in the archive; that of map and data unless told. */
  readonly storedSize?: number;
}

/** A sparse file in PAX 1.0, as GNU tar and Qubes OS write it, without the end of the archive. */
export function pax1File({ name = 'vm1/private.img', realSize, map, data, ...rest }: Pax1Fields): Buffer {
  const records = [
    ['GNU.sparse.major', '1'],
    ['GNU.sparse.minor', '0'],
    ['GNU.sparse.name', name],
    ['GNU.sparse.realsize', String(realSize)],
  ] as const;
  const folder = name.slice(0, name.lastIndexOf('/') + 1);
  const stored = Buffer.concat([map, data]);
  return Buffer.concat([
    paxHeader(records),
    headerBlock({
      name: `${folder}GNUSparseFile.4242/${name.slice(folder.length)}`,
      size: rest.storedSize ?? stored.length,
    }),
    padded(stored),
  ]);
}

export interface OldGnuFields {
  readonly name?: string;
  readonly realSize: number | Uint8Array;
  /** The first four stand in the header, the others in extension blocks of twenty-one. */
  readonly ranges: readonly (readonly [number | Uint8Array, number | Uint8Array])[];
  readonly data: Uint8Array;
  readonly storedSize?: number;
}

/** A sparse file in the old GNU form, without the end of the archive. */
export function oldGnuFile({
  name = 'vm1/private.img',
  realSize,
  ranges,
  data,
  ...rest
}: OldGnuFields): Buffer {
  const entries = ranges.map(([offset, length]) => Buffer.concat([field12(offset), field12(length)]));
  const first = Buffer.concat([...entries.slice(0, 4)]);
  const extensions: Buffer[] = [];
  for (let at = 4; at < entries.length; at += 21) {
    const extension = Buffer.alloc(block);
    extension.set(Buffer.concat(entries.slice(at, at + 21)));
    extension[504] = at + 21 < entries.length ? 1 : 0;
    extensions.push(extension);
  }
  const header = headerBlock({
    name,
    type: 'S',
    magic: 'gnu',
    size: rest.storedSize ?? data.length,
    raw: { 386: first, 482: Buffer.of(extensions.length > 0 ? 1 : 0), 483: field12(realSize) },
  });
  return Buffer.concat([header, ...extensions, padded(data)]);
}

function field12(value: number | Uint8Array): Buffer {
  return typeof value === 'number' ? Buffer.from(`${octal(value, 11)}\0`, 'latin1') : Buffer.from(value);
}

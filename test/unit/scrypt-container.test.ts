/** Promises of the scrypt container, held against what the `scrypt` tool seals, and against damage to it. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memorySource, type ByteSource } from '../../main/recovery/bytes/source.ts';
import { openLargeSealed } from '../../main/recovery/encryption/large-chunk.ts';
import {
  hasSealMagic,
  memberPassphrase,
  opensHeader,
  openSealed,
  parseSealHeader,
  readSealed,
  SealFault,
  sealHeaderLength,
  sealOverhead,
} from '../../main/recovery/encryption/scrypt-container.ts';
import { nodeKernel } from '../../main/recovery/kdf/node-kernel.ts';
import { oracle } from '../support/oracles.ts';
import { run } from '../support/tools.ts';
import { noise } from '../support/trees.ts';

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'lifeboat-scrypt-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

const utf8 = (text: string) => new TextEncoder().encode(text);
const memory = 256 * 2 ** 20;

/** What the tool makes of `plain`; the passphrase goes to it as bytes. */
async function sealByTool(
  plain: Uint8Array,
  passphrase: Uint8Array,
  [logN, r, p]: readonly [number, number, number] = [10, 8, 1],
): Promise<Buffer> {
  const path = join(folder, 'plain');
  await writeFile(path, plain);
  const cost = ['--logN', String(logN), '-r', String(r), '-p', String(p)];
  return run('scrypt', ['enc', ...cost, '--passphrase', 'dev:stdin-once', path], { input: passphrase });
}

/** Derives the key of a container as the passphrase of one member gives it. */
function keyOf(sealed: Uint8Array, passphrase: Uint8Array): Uint8Array {
  return nodeKernel.derive({ ...parseSealHeader(sealed, sealed.length), passphrase }, memory);
}

const faultOf = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    if (error instanceof SealFault) return error.kind;
    throw error;
  }
};

const tool = oracle('scrypt');

tool.describe('a container of the scrypt tool', () => {
  const passphrase = utf8('20240229T123456-4321!vm1/private.img.000!open sesame');

  for (const [logN, r, p] of [
    [13, 4, 1],
    [10, 8, 1],
    [12, 8, 3],
    [10, 16, 2],
    [11, 1, 1],
    [14, 8, 1],
  ] as const) {
    it(`of cost 2^${logN}, ${r}, ${p} opens to what was sealed`, async () => {
      const plain = noise(200_000, 'plain');
      const sealed = await sealByTool(plain, passphrase, [logN, r, p]);
      const header = parseSealHeader(sealed.subarray(0, sealHeaderLength), sealed.length);
      expect(header).toMatchObject({ logN, r, p });
      expect(sealed.length).toBe(plain.length + sealOverhead);
      expect(Buffer.from(header.salt).equals(sealed.subarray(16, 48))).toBe(true);
      const key = keyOf(sealed, passphrase);
      expect(opensHeader(header, key)).toBe(true);
      expect(Buffer.compare(openSealed(new Uint8Array(sealed), key), plain)).toBe(0);
    });
  }

  it('opens whatever its length, at the borders of slices too', async () => {
    for (const length of [0, 1, 15, 16, 17, 65_535, 65_536, 65_537, 131_072]) {
      const plain = noise(length, 'length');
      const sealed = await sealByTool(plain, passphrase);
      const key = keyOf(sealed, passphrase);
      const pieces: Uint8Array[] = [];
      const member = { name: 'x', offset: 0, size: sealed.length };
      for await (const piece of openLargeSealed(memorySource(new Uint8Array(sealed)), member, key)) {
        pieces.push(Uint8Array.from(piece));
      }
      expect(Buffer.concat(pieces).equals(plain), `read twice, ${length} bytes`).toBe(true);
      expect(Buffer.compare(openSealed(sealed, key), plain), `${length} bytes`).toBe(0);
    }
  });

  it('opens while it is being read, whatever its length, at the borders of readings too', async () => {
    const reading = 4 * 2 ** 20;
    for (const length of [0, 1, reading - 128, reading - 100, reading - 96, reading, 2 * reading + 5]) {
      const plain = noise(length, 'reading');
      const sealed = new Uint8Array(await sealByTool(plain, passphrase));
      const source = memorySource(Buffer.concat([noise(77, 'before'), sealed, noise(33, 'behind')]));
      const opened = await readSealed(source, 77, new Uint8Array(sealed.length), keyOf(sealed, passphrase));
      expect(Buffer.compare(opened, plain), `${length} bytes`).toBe(0);
    }
  });

  it('that is damaged anywhere releases nothing, and leaves its buffer alone once it says so', async () => {
    const sealed = new Uint8Array(await sealByTool(noise(9 * 2 ** 20, 'late'), passphrase));
    const key = keyOf(sealed, passphrase);
    const places = {
      70: 'not-authentic',
      200: 'damaged',
      [5 * 2 ** 20]: 'damaged',
      [sealed.length - 1]: 'damaged',
    };
    for (const [place, kind] of Object.entries(places)) {
      const changed = withBytes(sealed, { [place]: (sealed[Number(place)] ?? 0) ^ 1 });
      let underWay = 0;
      const slow: ByteSource = {
        ...memorySource(changed),
        read: async (...args) => {
          underWay++;
          await pause(20);
          underWay--;
          return memorySource(changed).read(...args);
        },
      };
      const buffer = new Uint8Array(sealed.length);
      const fault = await readSealed(slow, 0, buffer, key).catch((error: unknown) => error);
      expect(fault, place).toMatchObject({ kind });
      expect(underWay, place).toBe(0);
      // What was read is there, as it was read.
      const end = buffer.findLastIndex((byte) => byte !== 0) + 1;
      expect(Buffer.compare(buffer.subarray(0, end), changed.subarray(0, end)), place).toBe(0);
    }
  });

  it('of which a part cannot be read says what the source says', async () => {
    const sealed = new Uint8Array(await sealByTool(noise(9 * 2 ** 20, 'torn'), passphrase));
    const whole = memorySource(sealed);
    for (const broken of [0, 4 * 2 ** 20, 8 * 2 ** 20]) {
      const torn: ByteSource = {
        ...whole,
        read: (at, ...rest) =>
          at === broken ? Promise.reject(new Error('a bad place')) : whole.read(at, ...rest),
      };
      const opening = readSealed(torn, 0, new Uint8Array(sealed.length), keyOf(sealed, passphrase));
      await expect(opening).rejects.toThrow('a bad place');
    }
  });

  it('has a fault for each of its header bytes that changed, and the right one', async () => {
    const sealed = await sealByTool(noise(100, 'bytes'), passphrase);
    const key = keyOf(sealed, passphrase);
    for (let at = 0; at < sealHeaderLength; at++) {
      for (const bit of [1, 0x80]) {
        const changed = new Uint8Array(sealed);
        changed[at] = (changed[at] ?? 0) ^ bit;
        const before = Buffer.from(changed);
        // Magic, then what the unkeyed checksum covers and itself, then the keyed one.
        const kind = at < 7 ? 'not-sealed' : at < 64 ? 'header-damaged' : 'not-authentic';
        expect(
          faultOf(() => openSealed(changed, key)),
          `byte ${at}`,
        ).toBe(kind);
        expect(before.equals(changed), `byte ${at}: nothing was released`).toBe(true);
      }
    }
  });

  it('is damaged when any byte of data or trailer changed, or any is missing or added', async () => {
    const sealed = new Uint8Array(await sealByTool(noise(70_000, 'data'), passphrase));
    const key = keyOf(sealed, passphrase);
    const end = sealed.length;
    const changes: Record<string, Uint8Array> = {
      'one byte less': sealed.subarray(0, end - 1),
      'its trailer less': sealed.subarray(0, end - 32),
      'one byte more': Buffer.concat([sealed, Buffer.of(0)]),
      'two bytes exchanged': withBytes(sealed, { 100: sealed[101] ?? 0, 101: sealed[100] ?? 0 }),
      'a block of zeros': withBytes(
        sealed,
        Object.fromEntries(Array.from({ length: 16 }, (_, i) => [200 + i, 0])),
      ),
    };
    for (const at of [96, 97, 35_000, 65_631, 65_632, end - 33, end - 32, end - 1]) {
      changes[`byte ${at}`] = withBytes(sealed, { [at]: (sealed[at] ?? 0) ^ 1 });
    }
    for (const [change, bytes] of Object.entries(changes)) {
      const copy = new Uint8Array(bytes);
      expect(
        faultOf(() => openSealed(copy, key)),
        change,
      ).toBe('damaged');
      expect(Buffer.compare(copy, bytes), `${change}: nothing was released`).toBe(0);
      const member = { name: 'x', offset: 0, size: copy.length };
      const large = openLargeSealed(memorySource(copy), member, key).next();
      await expect(large, change).rejects.toMatchObject({ kind: 'damaged' });
    }
  });

  it('is too short wherever it ends before its trailer could stand', async () => {
    const sealed = new Uint8Array(await sealByTool(Buffer.alloc(0), passphrase));
    const key = keyOf(sealed, passphrase);
    for (let length = 0; length < sealOverhead; length++) {
      expect(
        faultOf(() => openSealed(sealed.slice(0, length), key)),
        `${length} bytes`,
      ).toBe('too-short');
    }
    expect(faultOf(() => parseSealHeader(sealed.slice(0, 95), 1000))).toBe('too-short');
  });

  it('opens by no other name and no other passphrase', async () => {
    const sealed = await sealByTool(Buffer.from('secret'), passphrase);
    for (const other of ['20240229T123456-4321!vm1/private.img.001!open sesame', 'open sesame', '']) {
      const key = keyOf(sealed, utf8(other));
      expect(opensHeader(parseSealHeader(sealed, sealed.length), key)).toBe(false);
      expect(faultOf(() => openSealed(new Uint8Array(sealed), key))).toBe('not-authentic');
    }
  });

  it('is opened in place and nowhere else: bytes around it stay, as does the key', async () => {
    const plain = noise(300, 'place');
    const sealed = await sealByTool(plain, passphrase);
    const key = keyOf(sealed, passphrase);
    const keptKey = Buffer.from(key);
    const around = new Uint8Array(sealed.length + 200).fill(0x5a);
    around.set(sealed, 100);
    // A view into the middle of a larger array, as a Buffer of Node's pool is.
    for (const view of [around.subarray(100, -100), Buffer.from(around.buffer, 100, sealed.length)]) {
      view.set(sealed);
      const opened = openSealed(view, key);
      expect(Buffer.compare(opened, plain)).toBe(0);
      expect(opened.byteOffset).toBe(view.byteOffset + sealHeaderLength);
      expect(around.subarray(0, 100).every((byte) => byte === 0x5a)).toBe(true);
      expect(around.subarray(-100).every((byte) => byte === 0x5a)).toBe(true);
      expect(keptKey.equals(key)).toBe(true);
    }
  });

  it('has a header that keeps its bytes while the container is overwritten, Buffer or not', async () => {
    const sealed = await sealByTool(noise(100, 'kept'), passphrase);
    for (const bytes of [Buffer.from(sealed), new Uint8Array(sealed)]) {
      const header = parseSealHeader(bytes, bytes.length);
      bytes.fill(0);
      expect(Buffer.compare(header.bytes, sealed.subarray(0, 96))).toBe(0);
      expect(Buffer.compare(header.salt, sealed.subarray(16, 48))).toBe(0);
    }
  });
});

function withBytes(bytes: Uint8Array, changes: Readonly<Record<number, number>>): Uint8Array {
  const changed = new Uint8Array(bytes);
  for (const [at, value] of Object.entries(changes)) changed[Number(at)] = value;
  return changed;
}

describe('the passphrase of a member', () => {
  const prefix = '20240229T123456-4321!vm1/private.img.000';
  const made = (passphrase: string | Uint8Array) =>
    Buffer.from(
      memberPassphrase(prefix, typeof passphrase === 'string' ? utf8(passphrase) : passphrase),
    ).toString('latin1');

  it('is prefix, exclamation mark, passphrase', () => {
    expect(made('abc')).toBe(`${prefix}!abc`);
    expect(made('')).toBe(`${prefix}!`);
    expect(made(' a!b ')).toBe(`${prefix}! a!b `);
  });

  it('ends at the first end of line, as the tool reads it', () => {
    expect(made('abc\ndef')).toBe(`${prefix}!abc`);
    expect(made('abc\r\n')).toBe(`${prefix}!abc`);
    expect(made('\rabc')).toBe(`${prefix}!`);
  });

  it('leaves the passphrase it was given alone, and is a copy', () => {
    for (const given of [Buffer.from('abc\ndef'), utf8('abc')]) {
      const before = Buffer.from(given);
      memberPassphrase(prefix, given).fill(0);
      expect(Buffer.compare(before, given)).toBe(0);
    }
  });

  it('is bounded by what the tool reads, however long its parts are', () => {
    expect(memberPassphrase('x'.repeat(2000), new Uint8Array(100).fill(0x79))).toHaveLength(2047);
    expect(memberPassphrase('x'.repeat(3000), utf8('abc'))).toHaveLength(2047);
  });

  it('shares no memory with anything else, so that wiping it leaves no copy', () => {
    const whole = memberPassphrase(prefix, utf8('abc'));
    expect(whole.buffer.byteLength).toBe(whole.length);
    expect(structuredClone(whole).buffer.byteLength).toBe(whole.length);
  });

  const passphrases: Record<string, Uint8Array> = {
    'not of ASCII': utf8('größe ☂ 𝄞'),
    'not even UTF-8': Uint8Array.of(0xff, 0xfe, 0x80, 0x21),
    empty: new Uint8Array(0),
    'with a line feed': utf8('first\nsecond'),
    'with a carriage return': utf8('first\rsecond'),
    'with a NUL': utf8('first\0second'),
    'of a thousand bytes': new Uint8Array(1000).fill(0x78),
    'longer than the tool reads': noise(5000, 'long').map((byte) => (byte % 64) + 0x40),
  };
  for (const [kind, passphrase] of Object.entries(passphrases)) {
    tool.test(`opens what the tool sealed with one ${kind}`, async () => {
      // The tool is given the whole line that Qubes gives it, however it then reads it.
      const line = Buffer.concat([utf8(`${prefix}!`), passphrase, utf8('\n')]);
      const plain = noise(50, kind);
      const sealed = await sealByTool(plain, line);
      const opened = openSealed(new Uint8Array(sealed), keyOf(sealed, memberPassphrase(prefix, passphrase)));
      expect(Buffer.compare(opened, plain)).toBe(0);
    });
  }
});

describe('a source over memory', () => {
  it('gives copies, of a Buffer too: opening one in place leaves the source alone', async () => {
    for (const bytes of [Buffer.from('some bytes'), utf8('some bytes')]) {
      const source = memorySource(bytes);
      (await source.read(0, 4)).fill(0);
      const into = new Uint8Array(8);
      (await source.read(0, 4, into)).fill(1);
      expect(Buffer.from(bytes).toString()).toBe('some bytes');
      expect([...into]).toEqual([1, 1, 1, 1, 0, 0, 0, 0]);
      await expect(source.read(8, 3)).rejects.toThrow(RangeError);
    }
  });
});

describe('bytes that are no container', () => {
  it('end in a fault, whatever they are', () => {
    const scrypt = fc
      .uint8Array({ minLength: 89, maxLength: 400 })
      .map((bytes) => Buffer.concat([Buffer.from('scrypt\0'), bytes]));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 400 }), scrypt), (bytes) => {
        const kind = faultOf(() => openSealed(new Uint8Array(bytes), new Uint8Array(64)));
        expect(['not-sealed', 'too-short', 'header-damaged']).toContain(kind);
      }),
    );
  });

  it('are parsed by any cost once their checksum is right: bounds are for who derives', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 255 }),
        fc.nat({ max: 2 ** 32 - 1 }),
        fc.nat({ max: 2 ** 32 - 1 }),
        (logN, r, p) => {
          const bytes = Buffer.alloc(128);
          bytes.write('scrypt\0', 0, 'latin1');
          bytes.writeUInt8(logN, 7);
          bytes.writeUInt32BE(r, 8);
          bytes.writeUInt32BE(p, 12);
          createHash('sha256').update(bytes.subarray(0, 48)).digest().copy(bytes, 48, 0, 16);
          expect(parseSealHeader(bytes, bytes.length)).toMatchObject({ logN, r, p });
          expect(faultOf(() => openSealed(bytes, new Uint8Array(64)))).toBe('not-authentic');
        },
      ),
    );
  });

  it('are told by their first seven bytes', () => {
    expect(hasSealMagic(Buffer.from('scrypt\0'))).toBe(true);
    for (const text of ['', 'scrypt', 'scrypt\x01', 'Scrypt\0', ' scrypt\0']) {
      expect(hasSealMagic(Buffer.from(text, 'latin1'))).toBe(false);
    }
  });
});

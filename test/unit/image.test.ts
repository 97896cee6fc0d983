/** Images of disks: their partition tables, and what lies in each part, judged by sfdisk and blkid. */
import { copyFile, open, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { memorySource, openFileSource } from '../../main/recovery/bytes/source.ts';
import { openImage, openVolume, type DiskImage } from '../../main/recovery/image/image.ts';
import { probeVolume, type VolumeContent } from '../../main/recovery/image/probe.ts';
import { boundedSource, exercise, mutations } from '../support/image-damage.ts';
import { e2fsprogs, listing, makeHole, makeImage, makeScratch, mounting } from '../support/images.ts';
import { oracle } from '../support/oracles.ts';
import { bash, run } from '../support/tools.ts';
import { noise } from '../support/trees.ts';

const folder = await makeScratch();
const inFolder = (name: string) => join(folder, name);
const linux = await mounting();
const MiB = 2 ** 20;

async function probed(path: string): Promise<VolumeContent> {
  const source = await openFileSource(path);
  try {
    return await probeVolume(source);
  } finally {
    await source.close();
  }
}

async function withImage<Result>(path: string, work: (image: DiskImage) => Promise<Result>): Promise<Result> {
  const source = await openFileSource(path);
  try {
    return await work(await openImage(source));
  } finally {
    await source.close();
  }
}

async function writeAt(path: string, position: number, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'r+');
  await file.write(bytes, 0, bytes.length, position);
  await file.close();
}

oracle('blkid').describe('what lies in a volume', () => {
  /** What blkid says of an image, by its own names of things. */
  async function judged(path: string): Promise<Record<string, string>> {
    const lines = (await run('blkid', ['-p', '-o', 'export', path])).toString().trim().split('\n');
    return Object.fromEntries(lines.map((line) => line.split('=', 2))) as Record<string, string>;
  }

  /** Kinds by what makes them: `$1` is a file of holes. `cheap` names what is told of them beside their kind. */
  const makers = [
    ['ext2', 'mkfs.ext4', '-q -F -t ext2 -L label', ['label', 'uuid']],
    ['ext3', 'mkfs.ext4', '-q -F -t ext3 -L label', ['label', 'uuid']],
    ['ext4', 'mkfs.ext4', '-q -F -L label', ['label', 'uuid']],
    ['ext4', 'mkfs.ext4', '-q -F -b 1024', ['label', 'uuid']],
    ['jbd', 'mkfs.ext4', '-q -F -O journal_dev -L label', ['label', 'uuid']],
    ['btrfs', 'mkfs.btrfs', '-q -L label', ['label', 'uuid']],
    ['xfs', 'mkfs.xfs', '-q -L label', ['label', 'uuid']],
    ['ntfs', 'mkfs.ntfs', '-q -F -L label', ['uuid']],
    ['exfat', 'mkfs.exfat', '-L label', ['uuid']],
    ['vfat', 'mkfs.vfat', '-F 32 -n LABEL', ['label', 'uuid']],
    ['vfat', 'mkfs.vfat', '-F 16 -n LABEL', ['label', 'uuid']],
    ['vfat', 'mkfs.vfat', '-F 16', ['label', 'uuid']],
    ['swap', 'mkswap', '-L label', ['label', 'uuid']],
    ['crypto_LUKS', 'cryptsetup', 'luksFormat --type luks1 -q --pbkdf-force-iterations 1000', ['uuid']],
    [
      'crypto_LUKS',
      'cryptsetup',
      'luksFormat --type luks2 -q --label label --pbkdf pbkdf2 --pbkdf-force-iterations 1000',
      ['label', 'uuid'],
    ],
  ] as const;

  /** The kinds that this program calls by another name. */
  const names: Readonly<Record<string, string>> = { jbd: 'ext-journal', vfat: 'fat', crypto_LUKS: 'luks' };

  for (const [kind, tool, args, cheap] of makers) {
    oracle(tool, 'blkid').test(`is told as blkid tells it: ${tool} ${args}`, async () => {
      const image = inFolder('volume');
      await makeHole(image, 320 * MiB);
      await bash(`${tool} ${args} "$1"`, [image], { input: 'passphrase' });
      const { TYPE, LABEL = null, UUID = null } = await judged(image);
      expect(TYPE).toBe(kind);
      const content = await probed(image);
      expect(content.kind).toBe(names[kind] ?? kind);
      for (const field of cheap) expect(content[field]).toBe(field === 'label' ? LABEL : UUID);
    });
  }

  oracle('genisoimage').test('is told of a CD', async () => {
    await writeFile(inFolder('on the disc'), 'content');
    await run('genisoimage', ['-quiet', '-V', 'LABEL', '-o', inFolder('disc'), inFolder('on the disc')]);
    expect(await probed(inFolder('disc'))).toEqual({ kind: 'iso9660', label: 'LABEL', uuid: null });
  });

  oracle('pvcreate', 'losetup').describe('on a block device', () => {
    linux.test('is told of a part of LVM', async () => {
      const image = inFolder('physical volume');
      await makeHole(image, 16 * MiB);
      const device = (await run('losetup', ['--find', '--show', image])).toString().trim();
      try {
        await run('pvcreate', ['--devicesfile', '', '--devices', device, '-q', '-y', device]);
      } finally {
        await run('losetup', ['--detach', device]);
      }
      const { TYPE, UUID } = await judged(image);
      expect(TYPE).toBe('LVM2_member');
      expect(await probed(image)).toEqual({ kind: 'lvm', label: null, uuid: UUID });
    });
  });
});

test('a volume of zeros is blank, one of noise unknown, and one of no size too short to tell', async () => {
  const told = async (bytes: Uint8Array) => (await probeVolume(memorySource(bytes))).kind;
  expect(await told(new Uint8Array(MiB))).toBe('blank');
  expect(await told(noise(MiB, 'noise'))).toBe('unknown');
  expect(await told(new Uint8Array())).toBe('blank');
  expect(await told(noise(100, 'short'))).toBe('unknown');
});

oracle('sfdisk', 'mkfs.ext4').describe('a partition table', () => {
  interface Judged {
    readonly partitiontable: {
      readonly sectorsize: number;
      readonly partitions: readonly {
        readonly node: string;
        readonly start: number;
        readonly size: number;
        readonly type: string;
        readonly name?: string;
      }[];
    };
  }

  /** Partitions as sfdisk lists them, in the words of the reader. */
  async function judged(path: string): Promise<object[]> {
    const { partitiontable } = JSON.parse((await run('sfdisk', ['--json', path])).toString()) as Judged;
    return partitiontable.partitions.map(({ node, start, size, type, name }) => ({
      number: Number(node.slice(path.length)),
      start: start * partitiontable.sectorsize,
      size: size * partitiontable.sectorsize,
      type: type.length > 2 ? type.toLowerCase() : type.padStart(2, '0'),
      name: name ?? null,
    }));
  }

  const gpt = inFolder('gpt');
  const mbr = inFolder('mbr');
  const filesystem = inFolder('filesystem');

  beforeAll(async () => {
    await makeImage(filesystem, '4M', '-b', '1024', '-L', 'root');
    await makeHole(gpt, 64 * MiB);
    // What the root image of a qube is like.
    const table = [
      'label: gpt',
      'size=2M, type=U, name="EFI System"',
      'size=2M, type=21686148-6449-6E6F-744E-656564454649, name="BIOS boot partition"',
      'size=8M, type=L, name="Root filesystem"',
      'start=40M, size=4M, type=S, name="Wurzel 🌱"',
    ];
    await run('sfdisk', ['-q', gpt], { input: table.join('\n') });
    await makeHole(mbr, 64 * MiB);
    const older = [
      'label: dos',
      'size=4M, type=83, bootable',
      'size=40M, type=5',
      'size=1M, type=7',
      '4M,83',
      '5M,82',
      ',6M,83',
    ];
    await run('sfdisk', ['-q', mbr], {
      input: [...older.slice(0, 4), 'size=4M, type=83', 'size=5M, type=82', 'size=6M, type=83'].join('\n'),
    });
    const root = await readFile(filesystem);
    await writeAt(gpt, 5 * MiB, root);
    await writeAt(mbr, 1 * MiB, root);
  });

  const told = (image: DiskImage) => image.volumes.map(({ partition }) => partition);

  test('of the kind GPT is read as sfdisk reads it, and opens', () =>
    withImage(gpt, async (image) => {
      expect(image).toMatchObject({ table: 'gpt', size: 64 * MiB, problems: [] });
      expect(told(image)).toEqual(await judged(gpt));
      expect(image.volumes.map(({ content }) => content.kind)).toEqual(['blank', 'blank', 'ext4', 'blank']);
      const root = image.volumes.find(({ isReadable }) => isReadable);
      expect(root?.content.label).toBe('root');
      if (!root) return;
      const opened = await openVolume(root);
      expect([...(await listing(opened, opened.root)).keys()]).toEqual(['lost+found']);
    }));

  test('of the kind MBR is read as sfdisk reads it, with its extended partitions', () =>
    withImage(mbr, async (image) => {
      expect(image).toMatchObject({ table: 'mbr', problems: [] });
      // The extended partition itself holds the others and is no volume.
      const expected = (await judged(mbr)).filter(
        (partition) => 'type' in partition && partition.type !== '05',
      );
      expect(expected).toHaveLength(5);
      expect(told(image)).toEqual(expected);
      expect(image.volumes[0]).toMatchObject({ isReadable: true, content: { kind: 'ext4', label: 'root' } });
    }));

  oracle('fdisk').test('may count in sectors of 4 KiB', async () => {
    const root = await readFile(filesystem);
    for (const [kind, command] of [
      ['gpt', 'g'],
      ['mbr', 'o'],
    ] as const) {
      const image = inFolder(`${kind}-4k`);
      await makeHole(image, 64 * MiB);
      const primary = kind === 'mbr' ? ['p'] : [];
      const script = [command, 'n', ...primary, '1', '512', '+8M', 'w', ''].join('\n');
      await run('fdisk', ['-b', '4096', image], { input: script });
      await writeAt(image, 2 * MiB, root);
      await withImage(image, (opened) => {
        expect(opened).toMatchObject({ table: kind, problems: [] });
        expect(opened.volumes).toMatchObject([
          { partition: { number: 1, start: 2 * MiB, size: 8 * MiB }, content: { kind: 'ext4' } },
        ]);
        return Promise.resolve();
      });
    }
  });

  const damages: Readonly<Record<string, readonly number[]>> = {
    'the first header': [512 + 40],
    'the signature of the first header': [512],
    'the first entries': [1024 + 40],
  };
  for (const [what, positions] of Object.entries(damages)) {
    test(`of the kind GPT is read from its backup when ${what} is broken`, async () => {
      const image = inFolder('damaged');
      await copyFile(gpt, image);
      for (const position of positions) await writeAt(image, position, Uint8Array.of(0xaa));
      await withImage(image, async (opened) => {
        expect(opened.problems).toEqual([
          { code: 'partition-table-damaged', params: { table: 'GPT', detail: 'first header' } },
        ]);
        expect(told(opened)).toEqual(await judged(gpt));
      });
    });
  }

  test('of the kind GPT is found broken when its backup is broken too', async () => {
    const image = inFolder('damaged');
    await copyFile(gpt, image);
    for (const position of [512, 64 * MiB - 512]) await writeAt(image, position, new Uint8Array(512));
    await withImage(image, (opened) => {
      expect(opened).toMatchObject({
        table: 'gpt',
        volumes: [],
        problems: [{ params: { detail: 'both headers' } }],
      });
      return Promise.resolve();
    });
  });

  test('of the kind GPT is read from its backup after the disk was enlarged', async () => {
    const image = inFolder('damaged');
    await copyFile(gpt, image);
    await truncate(image, 80 * MiB);
    await writeAt(image, 1024 + 40, Uint8Array.of(0xaa));
    await withImage(image, async (opened) => {
      expect(told(opened)).toEqual(await judged(gpt));
    });
  });

  test('that reaches past the end of the image is cut, and told', async () => {
    const image = inFolder('damaged');
    await copyFile(gpt, image);
    await truncate(image, 10 * MiB);
    await withImage(image, (opened) => {
      expect(told(opened).map((partition) => [partition?.number, partition?.size])).toEqual([
        [1, 2 * MiB],
        [2, 2 * MiB],
        [3, 5 * MiB],
      ]);
      expect(opened.problems).toHaveLength(2);
      expect(opened.volumes[2]?.isReadable).toBe(true);
      return Promise.resolve();
    });
  });

  test('of the kind MBR with a chain that leads back into itself comes to an end', async () => {
    const image = inFolder('damaged');
    await copyFile(mbr, image);
    const extended = 5 * MiB;
    // The second entry of a record leads to the next, counted from the first: to sector 0 of the chain.
    await writeAt(image, extended + 446 + 16 + 8, new Uint8Array(4));
    await withImage(image, (opened) => {
      expect(opened.problems).toMatchObject([{ params: { table: 'MBR' } }]);
      expect(opened.volumes.length).toBeLessThan(200);
      return Promise.resolve();
    });
  });

  test('is not seen in a file system whose first sector ends in the same mark', async () => {
    const image = inFolder('damaged');
    await copyFile(filesystem, image);
    await writeAt(image, 510, Uint8Array.of(0x55, 0xaa));
    await withImage(image, (opened) => {
      expect(opened).toMatchObject({ table: null, volumes: [{ partition: null, isReadable: true }] });
      return Promise.resolve();
    });
  });

  test.each([['gpt'], ['mbr']])(
    'of the kind %s, broken in any way, throws nothing but catalogued problems',
    async (kind) => {
      // Only the tables are broken, and the start of the image alone written anew each time.
      const image = await readFile(inFolder(kind));
      const mutate = mutations(Buffer.from(image.subarray(0, 20_000)));
      let opened = 0;
      for (let n = 0; n < 100; n++) {
        image.set(mutate(`${kind} ${n}`));
        opened += (await exercise(boundedSource(image, 50_000), true)).files;
      }
      expect(opened).toBeGreaterThan(0);
    },
  );
});

e2fsprogs.describe('a file system whose start is lost', () => {
  test('is found by its backup and opened through it', async () => {
    const image = inFolder('lost');
    await makeImage(image, '24M', '-b', '1024', '-L', 'backup');
    await writeAt(image, 0, new Uint8Array(2048));
    // The descriptors of all groups.
    await writeAt(image, 2048, noise(2048, 'lost'));
    await withImage(image, async ({ volumes: [volume] }) => {
      expect(volume).toMatchObject({ isReadable: true, content: { kind: 'ext4', label: 'backup' } });
      if (!volume) return;
      const filesystem = await openVolume(volume);
      expect([...(await listing(filesystem, filesystem.root)).keys()]).toEqual(['lost+found']);
      expect(filesystem.notes).toEqual([
        { code: 'filesystem-backup-used', params: { structure: 'superblock' } },
        { code: 'filesystem-backup-used', params: { structure: 'group descriptors' } },
      ]);
    });
  });

  test('is refused by the name of what it is where it cannot be read', async () => {
    const image = inFolder('swap');
    await makeHole(image, MiB);
    await writeAt(image, 4086, Buffer.from('SWAPSPACE2'));
    await withImage(image, async ({ volumes: [volume] }) => {
      if (!volume) throw new Error('no volume');
      await expect(openVolume(volume)).rejects.toMatchObject({
        problem: { code: 'filesystem-unsupported', params: { name: 'swap' } },
      });
    });
  });
});

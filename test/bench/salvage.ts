/**
 * Measures what comes back of a volume of which chunks are lost, at the true size of chunks: `npm run bench -- salvage`.
 * Every byte that the map does not call lost is compared with the original.
 */
import { copyFile, cp, mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FileReport } from '../../shared/backup.ts';
import { placeMembers } from '../support/container-surgery.ts';
import { readMap } from '../support/lost-map.ts';
import { makeBackup } from '../support/make-backup.ts';
import { run } from '../support/tools.ts';
import { noise } from '../support/trees.ts';
import { mebibyte, passphrase, restoreMeasured } from './measured-restore.ts';

const compressors = {
  none: false,
  gzip: 'gzip',
  'gzip -9': 'gzip -9',
  bzip2: 'pbzip2',
  xz: 'xz -1 -T2',
  zstd: 'zstd -q',
} as const;

const modules = join(import.meta.dirname, '../../node_modules');

/** An ext4 image of 1 GiB, three quarters full: noise as media files are, with programs and their text between. */
async function writeVolume(folder: string, path: string): Promise<void> {
  const tree = join(folder, 'tree');
  for (let i = 0; i < 30; i++) {
    await mkdir(join(tree, `${i}`), { recursive: true });
    await writeFile(join(tree, `${i}/media`), noise(20 * mebibyte, `media ${i}`));
    const part = ['typescript', 'lucide-react', 'react-dom', 'eslint', 'prettier'][i] ?? null;
    if (part) await cp(join(modules, part), join(tree, `${i}/text`), { recursive: true });
  }
  await copyFile(process.execPath, join(tree, 'program'));
  await run('mkfs.ext4', ['-q', '-F', '-d', tree, path, '1G']);
  await rm(tree, { recursive: true });
}

/** Bytes that differ outside of the lost ranges, and those that the map calls lost. */
async function compare(salvaged: string, original: string, map: string) {
  await using left = await open(salvaged);
  await using right = await open(original);
  let [lost, wrong] = [0, 0];
  const [found, wanted] = [Buffer.alloc(mebibyte), Buffer.alloc(mebibyte)];
  for (const line of await readMap(map)) {
    if (line.lost) lost += line.end - line.start;
    for (let at = line.start; !line.lost && at < line.end; at += mebibyte) {
      const length = Math.min(mebibyte, line.end - at);
      await left.read(found, 0, length, at);
      await right.read(wanted, 0, length, at);
      if (found.compare(wanted, 0, length, 0, length) !== 0) wrong += length;
    }
  }
  return { lost, wrong };
}

/** Bytes of pieces that were saved without a place. */
function asideBytes(file: FileReport | undefined): number {
  const pieces = file?.problems.flatMap(({ code, params }) => (code === 'piece-saved' ? [params.size] : []));
  return (pieces ?? []).reduce<number>((sum, size) => sum + Number(size), 0);
}

const only = process.argv[2];
const folder = await mkdtemp(join(process.env['BENCH_FOLDER'] ?? tmpdir(), 'lifeboat-bench-'));
try {
  const source = join(folder, 'private.img');
  await writeVolume(folder, source);
  for (const [name, compressor] of Object.entries(compressors)) {
    if (only !== undefined && name !== only) continue;
    const made = await makeBackup({
      destination: join(folder, 'one.backup'),
      passphrase,
      compression: compressor === false ? false : name.replace(/ .*/, ''),
      ...(compressor !== false && { compressor }),
      qubes: [{ name: 'work', class: 'AppVM', files: [{ name: 'private.img', source }] }],
    });
    await using backup = await open(made.path, 'r+');
    const members = placeMembers(await backup.readFile());
    const chunks = made.files.find(({ archiveName }) => archiveName.endsWith('private.img'))?.chunks ?? [];
    const rows: Record<string, Readonly<Record<string, string | number>>> = {};
    const measure = async (what: string) => {
      const to = join(folder, 'to');
      await mkdir(to);
      const { report, seconds, peak } = await restoreMeasured(made.path, to, ['--memory', '1G']);
      const file = report.qubes.find(({ name: qube }) => qube === 'work')?.files[0];
      const came =
        file?.lost?.map && file.path !== null
          ? await compare(join(to, file.path), source, join(to, file.lost.map))
          : { lost: 0, wrong: 0 };
      rows[what] = {
        outcome: report.outcome,
        'lost MiB': (came.lost / mebibyte).toFixed(1),
        'wrong bytes': came.wrong,
        'aside MiB': (asideBytes(file) / mebibyte).toFixed(1),
        seconds: seconds.toFixed(1),
        'peak MiB': Math.round(peak / mebibyte),
      };
      await rm(to, { recursive: true });
    };
    const chunk = (number: number) => {
      const member = members.find((each) => each.name === chunks[number]);
      if (!member) throw new Error(`there is no chunk ${number}`);
      return member;
    };
    const damage = (position: number) => backup.write(Buffer.from('lost'), 0, 4, position);
    const lose = (number: number) => damage(chunk(number).data + Math.floor(chunk(number).size / 2));
    console.log(`${name}: ${chunks.length} chunks`);
    await measure('whole');
    await damage(chunk(3).header + 148);
    await measure('header of chunk 3 damaged');
    await lose(2);
    await measure('without chunk 2');
    await lose(4);
    await measure('without chunks 2 and 4');
    await lose(0);
    await measure('without chunks 0, 2, 4');
    console.table(rows);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

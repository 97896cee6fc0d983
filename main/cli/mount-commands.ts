/** The commands `mount` and `unmount`: an image as a folder of this computer. */
import { problem, problemOf } from '../../shared/problems.ts';
import { visible } from '../../shared/words/formats.ts';
import type { Language } from '../../shared/words/languages.ts';
import { typed } from '../recovery/mount/commands.ts';
import { lossesShown } from '../recovery/mount/losses-shown.ts';
import { mountImage, type MountOptions } from '../recovery/mount/mount-image.ts';
import { cleanUpMounts, unmountImage, type Mounted } from '../recovery/mount/mounted-images.ts';
import type { MountWay } from '../recovery/mount/way.ts';
import { print, printJson, printProblems } from './commands.ts';
import { exitCodeOfProblem, exitCodes } from './exit-codes.ts';
import { onStopSignal } from './stop-signals.ts';
import type { Speech } from './text.ts';

export interface MountCommandOptions {
  readonly at?: string;
  readonly recover?: boolean;
  readonly leaveJournal?: boolean;
  readonly partition?: number;
  readonly way?: MountWay;
  readonly json?: boolean;
}

interface MountWords {
  /** How to read an image without mounting it. */
  readonly instead: string;
  /** How to choose where the last changes are still in the journal. */
  readonly choices: string;
  readonly mounted: (mounted: Mounted) => string;
  readonly unmounted: (image: string) => string;
}

const mountWords: Readonly<Record<Language, MountWords>> = {
  en: {
    instead: 'To read the image without mounting it: lifeboat ls, lifeboat cp',
    choices:
      'lifeboat mount --recover mounts a recovered copy, lifeboat mount --leave-journal the image without its last changes.',
    mounted: ({ image, mountPoint, way }) =>
      `Mounted read-only at ${visible(mountPoint)} (${way})\nTo unmount it: ${unmountCommand(image)}`,
    unmounted: (image) => `Unmounted ${visible(image)}`,
  },
  de: {
    instead: 'Das Abbild lesen, ohne es einzuhängen: lifeboat ls, lifeboat cp',
    choices:
      'lifeboat mount --recover hängt eine wiederhergestellte Kopie ein, lifeboat mount --leave-journal das Abbild ohne seine letzten Änderungen.',
    mounted: ({ image, mountPoint, way }) =>
      `Nur zum Lesen eingehängt unter ${visible(mountPoint)} (${way})\nAushängen: ${unmountCommand(image)}`,
    unmounted: (image) => `Ausgehängt: ${visible(image)}`,
  },
};

/** As this program itself was called: a file that is carried along has no name on the PATH. */
function unmountCommand(image: string): string {
  const [, file = ''] = process.argv;
  const program = file.endsWith('.mjs') ? ['node', file] : ['lifeboat'];
  return visible(typed(...program, 'unmount', image));
}

/** `lifeboat mount`: the mount outlives the command. */
export async function mount(path: string, options: MountCommandOptions, speech: Speech): Promise<number> {
  const words = mountWords[speech.language];
  const abort = new AbortController();
  const cancel = () => abort.abort();
  const forget = onStopSignal(cancel);
  const warning = problem('mount-untrusted');
  if (!options.json) {
    printProblems([warning], speech);
    process.stderr.write(`${words.instead}\n\n`);
  }
  try {
    const leftovers = await cleanUpMounts();
    const losses = process.platform === 'linux' ? await lossesShown(path) : [];
    const mounted = await mountImage(path, { ...mountOptions(options), keep: true, signal: abort.signal });
    const hidden = [
      ...(mounted.journal === 'not-replayed' ? [problem('mount-hides-changes')] : []),
      ...losses,
    ];
    if (options.json) {
      await printJson({ mounted, problems: [warning, ...hidden, ...leftovers] });
    } else {
      printProblems([...hidden, ...leftovers], speech);
      await print(words.mounted(mounted));
    }
    return exitCodes.right;
  } catch (error) {
    const refusal = problemOf(error);
    if (options.json || refusal.code !== 'image-journal-dirty') throw error;
    printProblems([refusal], speech);
    process.stderr.write(`${words.choices}\n`);
    return exitCodeOfProblem(refusal.code);
  } finally {
    forget();
  }
}

function mountOptions({ at, recover, leaveJournal, partition, way }: MountCommandOptions): MountOptions {
  return {
    pendingJournal: recover ? 'recovered-copy' : leaveJournal ? 'leave' : 'refuse',
    ...(at !== undefined && { at }),
    ...(partition !== undefined && { partition }),
    ...(way !== undefined && { ways: [way] }),
  };
}

/** `lifeboat unmount`: of an image that this user has mounted with Lifeboat. */
export async function unmount(path: string, speech: Speech): Promise<number> {
  await unmountImage(path);
  await print(mountWords[speech.language].unmounted(path));
  return exitCodes.right;
}

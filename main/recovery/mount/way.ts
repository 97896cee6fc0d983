/** What the ways to mount have in common. */
import type { Tools } from './system.ts';

/** The ways by the tools that do the work, in the order in which they are tried. */
export const mountWays = ['udisks', 'fuse2fs', 'mount'] as const;
export type MountWay = (typeof mountWays)[number];

/** What is to be mounted. */
export interface Wanted {
  /** The file: absolute, without links. */
  readonly file: string;
  /** The part of the file in which the file system lies, in bytes, or null for all of it. */
  readonly part: { readonly offset: number; readonly size: number } | null;
  readonly fileSystem: 'ext2' | 'ext3' | 'ext4';
  /** True leaves a journal that should be replayed aside. */
  readonly withoutJournal: boolean;
  /** An empty folder to mount at, or null. */
  readonly at: string | null;
  /** The command with which a person can do it. */
  readonly byHand: string;
}

/** What a mount leaves in the system, and what is to be undone with it. */
export interface Trace {
  readonly way: MountWay;
  readonly mountPoint: string | null;
  readonly loopDevice: string | null;
  /** Whether the mount point is a folder of ours. */
  readonly ownFolder: boolean;
}

export interface Place {
  readonly mountPoint: string;
  readonly loopDevice: string | null;
}

export interface Way {
  /**
   * Mounts, and answers false where this computer does not have this way. What is done on the way is noted before
   * it can be lost; what was noted is undone by the caller when this throws.
   *
   * @throws RecoveryError `mount-failed`, `mount-not-authorised`, `mount-timed-out`, `cancelled`
   */
  mount(wanted: Wanted, tools: Tools, worksite: Worksite): Promise<boolean>;
  /**
   * Takes the mount out of the tree.
   *
   * @throws RecoveryError `mount-busy`, `mount-not-authorised`, `mount-timed-out`, `unmount-failed`
   */
  unmount(place: Place, tools: Tools): Promise<void>;
}

/** Where a way notes what it has done, and gets a folder to mount at. */
export interface Worksite {
  readonly note: (change: Partial<Trace>) => Promise<void>;
  /** A new empty folder of ours, which is noted. */
  readonly makeFolder: () => Promise<string>;
}

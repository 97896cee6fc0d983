/** All ways to mount, by their names. */
import { fuse2fs } from './fuse2fs.ts';
import { kernelMount } from './kernel-mount.ts';
import { udisks } from './udisks.ts';
import type { MountWay, Way } from './way.ts';

export const ways: Readonly<Record<MountWay, Way>> = { udisks, fuse2fs, mount: kernelMount };

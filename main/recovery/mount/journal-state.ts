/** Whether the newest state of a file system is still in its journal. */
import type { ByteSource } from '../bytes/source.ts';
import { featuresOf } from '../image/features.ts';
import { Fields } from '../image/fields.ts';
import { superblockCandidates } from '../image/superblock.ts';

/**
 * Whether a file system of the ext family was in use when its image was taken. Linux then refuses to mount it
 * where it cannot write, or, with `noload`, shows the state from before the last changes.
 *
 * Source: Linux, Documentation/filesystems/ext4/globals.rst, `s_feature_incompat`; ext4(5), `noload`.
 *
 * @throws RecoveryError `source-lost`
 */
export async function needsRecovery(source: ByteSource): Promise<boolean> {
  // Parsed leniently: what our reader does not know, Linux may.
  for await (const { bytes } of superblockCandidates(source)) {
    const fields = new Fields(bytes);
    return featuresOf(fields.u32(0x5c), fields.u32(0x60), fields.u32(0x64)).has('needs_recovery');
  }
  return false;
}

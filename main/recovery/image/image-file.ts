/** Image files as restores leave them: one of which parts were lost in the backup is read with the map beside it. */
import { access, realpath } from 'node:fs/promises';
import { fail, problem, RecoveryError, type Problem } from '../../../shared/problems.ts';
import { errnoOf, openFileSource, type ByteSource } from '../bytes/source.ts';
import { steadyFile } from '../bytes/unreadable.ts';
import { readLostMap, UnusableMap } from '../salvage/lost-map-reader.ts';
import { isUnfinishedName, mapSuffix, partialSuffix } from '../writing/partial-names.ts';
import { withoutLost } from './lost-ranges.ts';

export interface ImageFile {
  /** Throws `filesystem-part-lost` for what the map calls lost. */
  readonly source: ByteSource;
  /** Bytes that are lost; null where the image is not whole and nothing tells what it lacks. */
  readonly lostBytes: number | null;
  /** `image-partial`, `lost-map-missing` or `lost-map-unusable`. */
  readonly problems: readonly Problem[];
}

/**
 * Opens the image file at `path`, to be closed by whoever opened it.
 *
 * @throws RecoveryError `image-missing`, `image-not-a-file`, `image-empty`, `source-…`
 */
export async function openImageFile(path: string): Promise<ImageFile> {
  const opened = await openFileSource(path).catch((error: unknown) => {
    throw inWordsOfImages(error);
  });
  const source = steadyFile(opened);
  try {
    if (source.size === 0) fail('image-empty', { path });
    const map = await mapOf(path);
    return map === null ? { source, lostBytes: 0, problems: [] } : await withMap(source, map);
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** What keeps a source from being opened, said of an image and not of a backup. */
function inWordsOfImages(error: unknown): unknown {
  if (!(error instanceof RecoveryError)) return error;
  const { code, params } = error.problem;
  if (code === 'source-missing') return new RecoveryError(problem('image-missing', params), { cause: error });
  if (code === 'source-not-a-file')
    return new RecoveryError(problem('image-not-a-file', params), { cause: error });
  return error;
}

/** The path of the map that an image has or should have; null for one that nothing says is not whole. */
async function mapOf(link: string): Promise<string | null> {
  const path = await realpath(link).catch(() => link);
  if (isUnfinishedName(path)) return path + mapSuffix;
  // What was accepted as it is has the final name, and its map the name that it was made with.
  const partial = path + partialSuffix;
  return !(await exists(partial)) && (await exists(partial + mapSuffix)) ? partial + mapSuffix : null;
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

async function withMap(source: ByteSource, map: string): Promise<ImageFile> {
  try {
    const ranges = await readLostMap(map, source.size);
    const lostBytes = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
    return {
      source: withoutLost(source, ranges),
      lostBytes,
      problems: lostBytes > 0 ? [problem('image-partial', { lost: lostBytes, size: source.size })] : [],
    };
  } catch (error) {
    const isMissing = errnoOf(error) === 'ENOENT';
    const detail = error instanceof UnusableMap ? error.message : errnoOf(error);
    return {
      source,
      lostBytes: null,
      problems: [
        isMissing
          ? problem('lost-map-missing', { path: map })
          : problem('lost-map-unusable', { path: map, detail }),
      ],
    };
  }
}

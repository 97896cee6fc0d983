/** What the system shows wrongly of a mounted image: it knows nothing of parts that were lost in the backup. */
import { problem, type Problem } from '../../../shared/problems.ts';
import { openImageFile } from '../image/image-file.ts';

/**
 * What is to be said of the image at `path` once it is mounted: `mount-shows-zeros` where a map tells its losses,
 * `lost-map-missing` or `lost-map-unusable` where none does.
 *
 * @throws RecoveryError `source-…`
 */
export async function lossesShown(path: string): Promise<readonly Problem[]> {
  const { source, lostBytes, problems } = await openImageFile(path);
  await source.close();
  if (lostBytes === null) return problems;
  return lostBytes > 0 ? [problem('mount-shows-zeros', { lost: lostBytes })] : [];
}

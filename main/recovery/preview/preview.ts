/** A look into a file of an image: text as text, pictures as they are, and nothing of it is ever run. */
import type { FilePreview } from '../../../shared/image.ts';
import type { Ext4 } from '../image/ext4.ts';
import { recognisePicture } from './pictures.ts';
import { readText } from './text.ts';

/** Bytes of a file that are shown as text. */
export const TEXT_BYTES = 128 * 1024;
/** Largest file that is shown as a picture: photographs are smaller. */
export const PICTURE_BYTES = 16 * 2 ** 20;
/** Most pixels of a picture that is shown, each of which takes four bytes once drawn. */
export const PICTURE_PIXELS = 64e6;
/** Bytes in which a picture's header must end. */
const HEADER_BYTES = 256 * 1024;

/**
 * A look into the file of inode `number`.
 *
 * @throws RecoveryError `filesystem-damaged`, `filesystem-entry-encrypted`, `filesystem-feature-unsupported`
 */
export async function previewFile(filesystem: Ext4, number: number): Promise<FilePreview> {
  const { kind } = await filesystem.stat(number);
  if (kind !== 'file') return { kind: 'none', reason: 'no-file' };
  const content = await filesystem.openFile(number);
  if (content.size === 0) return { kind: 'none', reason: 'empty' };
  const start = await content.read(0, Math.min(content.size, HEADER_BYTES));
  const picture = recognisePicture(start);
  if (picture) {
    const isTooLarge = content.size > PICTURE_BYTES || picture.width * picture.height > PICTURE_PIXELS;
    if (isTooLarge) return { kind: 'none', reason: 'too-large' };
    const bytes = await content.read(0, content.size);
    return { kind: 'picture', ...picture, base64: Buffer.from(bytes.buffer).toString('base64') };
  }
  const text = readText(start.subarray(0, TEXT_BYTES), content.size > TEXT_BYTES);
  return text ?? { kind: 'none', reason: 'binary' };
}

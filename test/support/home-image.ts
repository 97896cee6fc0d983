/** The image of a home folder as people have them, with everything that is awkward about files, made by mkfs.ext4. */
import { link, mkdir, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateSync, crc32 } from 'node:zlib';
import { makeImage } from './images.ts';

/** A letter that is no UTF-8, as old systems wrote it into names. */
export const oddName = Buffer.from([0x73, 0x63, 0x68, 0xf6, 0x6e, 0x2e, 0x74, 0x78, 0x74]);

/** When everything in the image was changed last. */
export const changed = new Date('2024-05-06T07:08:09Z');

/** Files of the large folder. */
export const manyFiles = 3000;

/** A picture of `width` by `height` pixels in one colour, as PNG (W3C PNG, section 11). */
export function picture(width: number, height: number): Buffer {
  const row = Buffer.alloc(1 + width * 3, 0x66);
  row[0] = 0;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const rows = deflateSync(Buffer.concat(Array.from({ length: height }, () => row)));
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', rows),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Content of files that would do something if a program ran them. */
export const hostile = {
  html: '<script>document.title = "owned"; top.owned = true</script><img src=x onerror="top.owned = true">',
  svg: '<svg xmlns="http://www.w3.org/2000/svg" onload="top.owned = true"><script>top.owned = true</script></svg>',
};

/**
 * Makes the folder tree in `folder`, and `image` of it:
 * `home/user` with `Documents`, `Pictures`, `Mail` (many files) and `odd`.
 */
export async function makeHomeImage(folder: string, image: string): Promise<void> {
  const home = join(folder, 'home/user');
  const below = (path: string) => join(home, path);
  for (const name of ['Documents/2024', 'Pictures', 'Mail', 'odd'])
    await mkdir(below(name), { recursive: true });
  await writeFile(below('Documents/report.txt'), 'The report.\nGrüße aus dem Büro.\n', { mode: 0o640 });
  await writeFile(below('Documents/2024/taxes.csv'), 'month;sum\n1;100\n');
  await writeFile(below('Documents/old-windows.txt'), Buffer.from('Gr\xfc\xdfe\r\n', 'latin1'));
  await link(below('Documents/report.txt'), below('Documents/report-again.txt'));
  await symlink('report.txt', below('Documents/latest'));
  await symlink('../../../etc/passwd', below('odd/inside'));
  await symlink('/etc/passwd', below('odd/way-out'));
  await symlink('../Documents', below('odd/documents'));
  await writeFile(Buffer.concat([Buffer.from(`${below('odd')}/`), oddName]), 'odd bytes\n');
  await writeFile(below('odd/a:b?.txt'), 'not for Windows\n');
  await writeFile(below('odd/con'), 'a device elsewhere\n');
  await writeFile(below('odd/page.html'), hostile.html);
  await writeFile(below('odd/drawing.svg'), hostile.svg);
  await writeFile(below('odd/program.bin'), Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0]));
  await writeFile(below('odd/empty'), '');
  await writeFile(below('Pictures/sea.png'), picture(64, 48));
  await writeFile(below('Pictures/bomb.png'), picture(60_000, 1).fill(0xff, 20, 22));
  await writeFile(below('odd/sparse.bin'), '');
  await truncate(below('odd/sparse.bin'), 50 * 2 ** 20);
  for (let n = 0; n < manyFiles; n++) await writeFile(below(`Mail/${n}.eml`), `Subject: ${n}\n`);
  for (const name of ['Documents/report.txt', 'Documents', 'Pictures/sea.png'])
    await utimes(below(name), changed, changed);
  await makeImage(image, '48M', '-N', '4000', '-d', folder);
}

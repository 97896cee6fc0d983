/**
 * `npm run icons`: draws the icon in every size that systems ask for, out of `lifeboat.svg`, with the Chromium of this
 * computer. The results are committed, since packages are built on machines without one.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const folder = join(import.meta.dirname, '../assets/icons');
const sizes = [16, 24, 32, 48, 64, 128, 256, 512, 1024] as const;
type Size = (typeof sizes)[number];

/** The sizes of a Windows icon, of which 256 is the largest. */
const windowsSizes: readonly Size[] = [16, 24, 32, 48, 64, 256];

/** The entries of a macOS icon: types of PNG, the second of a pair for displays of double density. */
const macTypes: readonly (readonly [type: string, size: Size])[] = [
  ['ic11', 32],
  ['ic12', 64],
  ['ic07', 128],
  ['ic13', 256],
  ['ic08', 256],
  ['ic14', 512],
  ['ic09', 512],
  ['ic10', 1024],
];

/** On macOS the tile of an icon fills 824 of 1024 points; elsewhere all of it. */
const macMargin = 100 / 1024;

async function draw(svg: string, margin: number): Promise<ReadonlyMap<Size, Buffer>> {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  const drawn = new Map<Size, Buffer>();
  for (const size of sizes) {
    const page = await browser.newPage({ viewport: { width: size, height: size } });
    const style = `body { margin: ${margin * size}px } svg { display: block; width: 100%; height: auto }`;
    await page.setContent(`<style>${style}</style>${svg}`);
    drawn.set(size, await page.screenshot({ omitBackground: true }));
    await page.close();
  }
  await browser.close();
  return drawn;
}

/** An .ico: a directory of 16 bytes an image (0 stands for 256), then the images. */
function windowsIcon(images: readonly (readonly [size: number, png: Buffer])[]): Buffer {
  const head = Buffer.alloc(6 + 16 * images.length);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(images.length, 4);
  let offset = head.length;
  for (const [index, [size, png]] of images.entries()) {
    const at = 6 + 16 * index;
    head.writeUInt8(size % 256, at);
    head.writeUInt8(size % 256, at + 1);
    head.writeUInt16LE(1, at + 4);
    head.writeUInt16LE(32, at + 6);
    head.writeUInt32LE(png.length, at + 8);
    head.writeUInt32LE(offset, at + 12);
    offset += png.length;
  }
  return Buffer.concat([head, ...images.map(([, png]) => png)]);
}

/** An .icns: blocks of a type and a length that counts its own eight bytes. */
function macIcon(images: readonly (readonly [type: string, png: Buffer])[]): Buffer {
  const block = (type: string, content: Buffer) => {
    const head = Buffer.alloc(8);
    head.write(type, 'latin1');
    head.writeUInt32BE(8 + content.length, 4);
    return Buffer.concat([head, content]);
  };
  return block('icns', Buffer.concat(images.map(([type, png]) => block(type, png))));
}

const svg = await readFile(join(folder, 'lifeboat.svg'), 'utf8');
const whole = await draw(svg, 0);
const withMargin = await draw(svg, macMargin);
const png = (drawn: ReadonlyMap<Size, Buffer>, size: Size) => drawn.get(size) ?? Buffer.alloc(0);

await mkdir(join(folder, 'linux'), { recursive: true });
for (const [size, image] of whole) {
  if (size <= 512) await writeFile(join(folder, 'linux', `${size}x${size}.png`), image);
}
await writeFile(
  join(folder, 'lifeboat.ico'),
  windowsIcon(windowsSizes.map((size) => [size, png(whole, size)])),
);
await writeFile(
  join(folder, 'lifeboat.icns'),
  macIcon(macTypes.map(([type, size]) => [type, png(withMargin, size)])),
);

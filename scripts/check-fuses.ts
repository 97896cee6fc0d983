/** `node scripts/check-fuses.ts PROGRAM`: whether a packaged program has every fuse as it should be. */
import { isDeepStrictEqual } from 'node:util';
import { readFuses, rightFuses } from './fuses.ts';

const found = await readFuses(process.argv[2] ?? '');
console.log(found);
if (!isDeepStrictEqual(found, { ...rightFuses })) {
  console.error('These are not the fuses that they should be.');
  process.exitCode = 1;
}

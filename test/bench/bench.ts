/** `npm run bench [kdf|decoders|image|index|pipeline|cheap-keys|growth|salvage|small-machine|ui]`: one benchmark with its options, or all of them. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const benches = [
  'kdf',
  'decoders',
  'image',
  'index',
  'pipeline',
  'cheap-keys',
  'growth',
  'salvage',
  'small-machine',
  'ui',
] as const;
const [wanted, ...options] = process.argv.slice(2);
const chosen = benches.filter((name) => wanted === undefined || name === wanted);
if (chosen.length === 0) {
  console.error(`There is no benchmark ${wanted ?? ''}: ${benches.join(', ')}`);
  process.exit(2);
}
for (const name of chosen) {
  console.log(`\n== ${name}`);
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, `${name}.ts`), ...options], {
    stdio: 'inherit',
  });
  process.exitCode = status === 0 ? process.exitCode : 1;
}

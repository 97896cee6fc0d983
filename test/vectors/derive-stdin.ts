/** Derives the keys that are asked for on standard input by the kernel that is named, and prints them: for other processors. */
import { text } from 'node:stream/consumers';
import { createKeyDeriver } from '../../main/engine/key-deriver.ts';
import type { DerivationCost, DerivationKernel } from '../../main/recovery/kdf/derivation.ts';

export interface WantedKey extends DerivationCost {
  readonly passphrase: string;
  readonly salt: string;
}

const wanted = JSON.parse(await text(process.stdin)) as readonly WantedKey[];
const deriver = createKeyDeriver({
  memoryBytes: 2 ** 28,
  workers: 1,
  kernel: process.argv[2] as DerivationKernel['name'],
});
const keys = await Promise.all(
  wanted.map(({ passphrase, salt, ...cost }) =>
    deriver.derive({ ...cost, passphrase: Buffer.from(passphrase), salt: Buffer.from(salt) }),
  ),
);
await deriver.close();
console.log(JSON.stringify(keys.map((key) => Buffer.from(key).toString('hex'))));

/** Promises of restores that are paused: the computer is left quiet while all are, and nothing waits for ever. */
import { expect, vi } from 'vitest';
import { engineContract } from '../../main/engine/contract.ts';
import { createEngine } from '../../main/engine/engine.ts';
import type * as deriving from '../../main/engine/key-deriver.ts';
import { emittersOf } from '../../shared/contract/define.ts';
import { killableBackup } from '../support/killing.ts';
import { scratchFolder } from '../support/lifeboat.ts';
import { oracle } from '../support/oracles.ts';
import { standardTools } from '../support/standard-backup.ts';

/** What the engine's deriver was told of keys that nobody waits for, the last first. */
const told = vi.hoisted((): boolean[] => []);
vi.mock('../../main/engine/key-deriver.ts', async (load) => {
  const { createKeyDeriver } = await load<typeof deriving>();
  return {
    createKeyDeriver(options: deriving.KeyDeriverOptions): deriving.KeyDeriver {
      const deriver = createKeyDeriver(options);
      return {
        ...deriver,
        holdAhead(held) {
          told.unshift(held);
          deriver.holdAhead(held);
        },
      };
    },
  };
});

oracle(...standardTools).test(
  'restores have keys derived ahead while not all of them are paused',
  async () => {
    const { path, passphrase } = await killableBackup();
    const engine = createEngine(emittersOf(engineContract, () => undefined));
    const { backup, restore } = engine.handlers;
    const start = async (job: string) => {
      const { handle } = await backup.open({ files: [path], findParts: true });
      await backup.unlock({
        handle,
        passphrase: new TextEncoder().encode(passphrase),
        acceptUnsealed: false,
        allowSlow: false,
      });
      const destination = await scratchFolder();
      const over = restore.run({
        handle,
        job,
        qubes: null,
        destination,
        acceptPartial: false,
        allowSlow: false,
      });
      return { over };
    };
    try {
      const one = await start('one');
      expect(told[0]).toBe(false);
      void restore.pause({ job: 'one' });
      expect(told[0]).toBe(true);
      const two = await start('two');
      expect(told[0]).toBe(false);
      void restore.pause({ job: 'two' });
      expect(told[0]).toBe(true);
      void restore.cancel({ job: 'one', keep: true });
      expect(told[0]).toBe(false);
      expect((await one.over).cancelled).toBe(true);
      expect(told[0]).toBe(true);
      void restore.resume({ job: 'two' });
      expect(told[0]).toBe(false);
      expect((await two.over).report.outcome).toBe('restored');
    } finally {
      await engine.close();
    }
  },
);

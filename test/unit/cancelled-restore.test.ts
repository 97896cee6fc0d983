/** Promises of a restore that is stopped with nothing to be kept: it takes back its own files, and no others. */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, vi } from 'vitest';
import { engineContract, type EngineClient } from '../../main/engine/contract.ts';
import { createEngine } from '../../main/engine/engine.ts';
import { journalName } from '../../main/recovery/restore/journal.ts';
import { hasSum } from '../../main/recovery/writing/plain-file.ts';
import type { QubeReport, RestoreProgress, RestoreReport } from '../../shared/backup.ts';
import { clientOf, emittersOf, serve, type Result } from '../../shared/contract/define.ts';
import type { MadeBackup } from '../support/backup-spec.ts';
import { flipByte, operate } from '../support/container-surgery.ts';
import { killableBackup } from '../support/killing.ts';
import { filesBelow, scratchFolder } from '../support/lifeboat.ts';
import { oracle } from '../support/oracles.ts';
import { standardBackup, standardPassphrase, standardTools } from '../support/standard-backup.ts';

function valueOf<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.problem));
  return result.value;
}

interface Session {
  readonly client: EngineClient;
  readonly handle: number;
  /** The jobs that have told of a file they work on. */
  readonly atWork: ReadonlySet<string>;
  /** Restores and, as soon as the first of `stopAfter` is finished, stops and keeps nothing. */
  readonly restore: (
    to: string,
    qubes: readonly string[],
    stopAfter?: readonly string[],
  ) => Promise<{ readonly report: RestoreReport; readonly cancelled: boolean }>;
  /** Of each file, whether it is known as finished. */
  readonly finished: (to: string, qubes: readonly string[]) => Promise<readonly boolean[]>;
}

/** A backup, by default the standard one, unlocked in an engine of this process. */
async function session(made?: MadeBackup): Promise<Session & AsyncDisposable> {
  let stops: readonly string[] = [];
  const atWork = new Set<string>();
  const engine = createEngine(
    emittersOf(engineContract, (name, payload) => {
      if (name === 'restore.progress') {
        const { job, progress } = payload as { readonly job: string; readonly progress: RestoreProgress };
        if (progress.active.length > 0) atWork.add(job);
      }
      if (name !== 'restore.qubeFinished') return;
      const { job, qube } = payload as { readonly job: string; readonly qube: QubeReport };
      if (stops.includes(qube.name)) void engine.handlers.restore.cancel({ job, keep: false });
    }),
  );
  const dispatch = serve(engineContract, engine.handlers);
  const client = clientOf(engineContract, { call: dispatch, listen: () => () => undefined });
  const { handle } = valueOf(
    await client.backup.open({ files: [(made ?? (await standardBackup())).path], findParts: true }),
  );
  const passphrase = new TextEncoder().encode(made?.passphrase ?? standardPassphrase);
  valueOf(await client.backup.unlock({ handle, passphrase, acceptUnsealed: false, allowSlow: false }));
  let jobs = 0;
  return {
    client,
    handle,
    atWork,
    async restore(destination, qubes, stopAfter = []) {
      stops = stopAfter;
      const job = `job-${jobs++}`;
      return valueOf(
        await client.restore.run({
          handle,
          job,
          qubes: [...qubes],
          destination,
          acceptPartial: false,
          allowSlow: false,
        }),
      );
    },
    async finished(destination, qubes) {
      const plan = valueOf(await client.restore.plan({ handle, qubes: [...qubes], destination }));
      return plan.map((file) => file.finished);
    },
    [Symbol.asyncDispose]: () => engine.close(),
  };
}

const outcomesIn = ({ qubes }: RestoreReport) => qubes.map(({ name, outcome }) => `${name}: ${outcome}`);

const gate = oracle(...standardTools);

gate.describe('a restore that is stopped with nothing to be kept', () => {
  let to: string;
  beforeEach(async () => {
    to = await scratchFolder();
  });

  gate.test('leaves nothing in an empty folder, not even its journal', async () => {
    await using here = await session();
    const { report, cancelled } = await here.restore(to, ['personal', 'work'], ['personal', 'work']);
    expect([cancelled, report.outcome]).toEqual([true, 'unfinished']);
    for (const { files } of report.qubes)
      for (const file of files)
        expect(file).toMatchObject({ outcome: 'unfinished', path: null, problems: [] });
    expect(await filesBelow(to)).toEqual([]);
  });

  gate.test('spares what an earlier restore finished, and says so', async () => {
    await using here = await session();
    await here.restore(to, ['personal']);
    const earlier = await filesBelow(to);
    const content = await readFile(join(to, 'personal/private.img'));
    const { report } = await here.restore(to, ['work', 'personal', 'vault'], ['personal']);
    expect(outcomesIn(report).sort()).toEqual([
      'personal: restored',
      'vault: unfinished',
      'work: unfinished',
    ]);
    expect(await filesBelow(to)).toEqual(earlier);
    expect(await readFile(join(to, 'personal/private.img'))).toEqual(content);
  });

  gate.test('ends a check of what is there without harm, before its first byte and after', async () => {
    const path = join(to, 'file');
    await writeFile(path, new Uint8Array(3 << 20));
    const sum = createHash('sha256')
      .update(new Uint8Array(3 << 20))
      .digest('hex');
    expect(await hasSum(path, sum, new AbortController().signal, () => undefined)).toBe(true);
    expect(await hasSum(path, sum, AbortSignal.abort(), () => undefined)).toBe(false);
    const halfWay = new AbortController();
    expect(await hasSum(path, sum, halfWay.signal, () => halfWay.abort())).toBe(false);
  });

  gate.test('lets other qubes of the folder be known again', async () => {
    await using here = await session();
    await here.restore(to, ['personal']);
    await here.restore(to, ['work', 'vault'], ['work', 'vault']);
    expect(await here.finished(to, ['personal'])).toEqual([true]);
    expect(await here.finished(to, ['work', 'vault'])).not.toContain(true);
    const { report } = await here.restore(to, ['personal', 'work', 'vault']);
    expect(report.outcome).toBe('restored');
  });

  for (const [what, lost] of Object.entries({
    'before it': [0],
    'around it': [2, 4],
  }))
    gate.test(`takes back pieces of a damaged file, where what is lost lies ${what}`, async () => {
      const made = await killableBackup();
      const damage = lost.map((chunk) => flipByte(`vm1/private.img.00${chunk}.enc`, 'data'));
      await operate(made.path, made.path, ...damage);
      await using here = await session(made);
      await here.restore(to, ['one']);
      expect((await filesBelow(to)).filter((path) => path.includes('.piece-'))).not.toEqual([]);

      const other = await scratchFolder();
      const { report, cancelled } = await here.restore(other, ['one'], ['one']);
      expect([cancelled, report.outcome]).toEqual([true, 'unfinished']);
      expect(await filesBelow(other)).toEqual([]);
    });

  gate.test('leaves another one of the same opened backup alone', async () => {
    await using here = await session(await killableBackup({ logN: 15, r: 8, p: 2 }));
    const other = await scratchFolder();
    const stopped = here.restore(to, ['one']);
    const going = here.restore(other, ['one']);
    // Both wait for keys that are derived for both.
    await vi.waitFor(() => expect(here.atWork.size).toBe(2), { timeout: 60_000, interval: 10 });
    await here.client.restore.cancel({ job: 'job-0', keep: false });
    expect((await stopped).cancelled).toBe(true);
    const { report, cancelled } = await going;
    expect([cancelled, ...outcomesIn(report)]).toEqual([false, 'one: restored']);
  });

  gate.test('forgets in its journal what it took back, and no more', async () => {
    await using here = await session();
    await here.restore(to, ['personal']);
    const before = await readFile(join(to, journalName), 'utf8');
    await here.restore(to, ['work', 'vault'], ['work', 'vault']);
    const lines = (text: string) => text.split('\n').filter((line) => line !== '');
    expect(lines(await readFile(join(to, journalName), 'utf8'))).toEqual(lines(before));
  });
});

/**
 * Measures the page while a person walks through it: the longest task of its thread at each step, and how many words
 * of progress reach it a second. The built wizard, in a real Chromium, over the browser host, on real backups.
 *
 *     npm run build:web && npm run bench -- ui
 *     npm run bench -- ui --qubes 200          one size only
 *     npm run bench -- ui --trace FOLDER       keeps what was recorded, for the performance panel of a browser
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { choosePath, startBrowserSession } from '../support/browser-session.ts';
import { backupOfMany, manyPassphrase } from '../support/many-qubes.ts';

const { values } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  options: { qubes: { type: 'string' }, trace: { type: 'string' } },
});

/** Events of a recording, of which the tasks of a page's main thread are used; times in microseconds. */
interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  /** Time that the processor spent in it. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/** Tasks are told with the first of these, what was done in them with the others. */
const categories = [
  'disabled-by-default-devtools.timeline',
  'devtools.timeline',
  ...(values.trace === undefined ? [] : ['disabled-by-default-v8.cpu_profiler', 'v8.execute']),
];

interface Tasks {
  /** Milliseconds by the clock, with the time in which other programs had the processor. */
  readonly longest: number;
  /** Milliseconds of the processor, in the task that took most of it and in all. */
  readonly heaviest: number;
  readonly all: number;
}

/** The tasks of the page's main thread. */
function tasksOf(events: readonly TraceEvent[]): Tasks {
  const threads = new Set(
    events
      .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid}/${tid}`),
  );
  const tasks = events.filter(({ name, pid, tid }) => name === 'RunTask' && threads.has(`${pid}/${tid}`));
  const ownTimes = tasks.map(({ tdur = 0 }) => tdur / 1000);
  return {
    longest: Math.max(0, ...tasks.map(({ dur = 0 }) => dur / 1000)),
    heaviest: Math.max(0, ...ownTimes),
    all: ownTimes.reduce((sum, each) => sum + each, 0),
  };
}

/** The most of `times`, in seconds, that lie within any one second. */
function mostInASecond(times: readonly number[]): number {
  return Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + 1).length));
}

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name });

async function measure(count: number): Promise<Record<string, string | number>[]> {
  const { path } = await backupOfMany(count);
  const to = await mkdtemp(join(tmpdir(), 'lifeboat-bench-'));
  const session = await startBrowserSession();
  try {
    const page = await session.openWizard();
    const wire = await page.context().newCDPSession(page);
    await wire.send('Network.enable');
    const heard: { readonly name: string; readonly at: number }[] = [];
    wire.on('Network.eventSourceMessageReceived', ({ data, timestamp }) => {
      heard.push({ name: (JSON.parse(data) as { name: string }).name, at: timestamp });
    });
    const rows: Record<string, string | number>[] = [];
    const step = async (name: string, work: () => Promise<unknown>) => {
      heard.length = 0;
      await page.context().browser()?.startTracing(page, { categories });
      await work();
      const trace = await page.context().browser()?.stopTracing();
      const { traceEvents } = JSON.parse(String(trace)) as { traceEvents: readonly TraceEvent[] };
      const { longest, heaviest, all } = tasksOf(traceEvents);
      const times = (event: string) => heard.filter((each) => each.name === event).map(({ at }) => at);
      rows.push({
        qubes: count,
        step: name,
        'longest task (ms)': Math.round(longest),
        'processor in a task (ms)': Math.round(heaviest),
        'processor in all (ms)': Math.round(all),
        'progress/s': mostInASecond(times('restore.progress')),
        'finished/s': mostInASecond(times('restore.qubeFinished')),
      });
      if (values.trace !== undefined) {
        await mkdir(values.trace, { recursive: true });
        await writeFile(join(values.trace, `${count}-${name.replaceAll(' ', '-')}.json`), trace ?? '');
      }
    };

    await step('open the backup', async () => {
      await button(page, 'Choose backup file…').click();
      await choosePath(page, path);
      await button(page, 'Continue').waitFor();
    });
    await button(page, 'Continue').click();
    await page.getByLabel('Backup passphrase').fill(manyPassphrase);
    await step('show the qubes', async () => {
      await button(page, 'Unlock').click();
      await page.getByRole('grid').waitFor();
    });
    await step('search', async () => {
      await page.getByRole('searchbox').pressSequentially('project-1');
      await page.getByRole('searchbox').fill('');
    });
    await step('choose all', () =>
      page.locator('label', { has: page.getByRole('checkbox', { name: 'All' }) }).click(),
    );
    await button(page, 'Continue').click();
    await button(page, 'Choose folder…').click();
    await step('show the destination', async () => {
      await choosePath(page, to, 'Use this folder');
      await page.getByText(`${count} files will be written`).first().waitFor();
    });
    await step('restore', async () => {
      await button(page, /^Restore \d/).click();
      await page
        .getByRole('heading', { level: 1, name: `${count} qubes restored` })
        .waitFor({ timeout: 60_000 });
    });
    await step('scroll the results', async () => {
      for (let turn = 0; turn < 10; turn++) await page.mouse.wheel(0, 400);
    });
    return rows;
  } finally {
    await session.close();
    await rm(to, { recursive: true, force: true });
  }
}

const counts = values.qubes === undefined ? [40, 100, 200] : [Number(values.qubes)];
for (const count of counts) console.table(await measure(count));

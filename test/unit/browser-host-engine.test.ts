/** Promises of a forked engine: what it may see, what crosses its port, and how its end is told. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { engineEntry, engineEnvironment } from '../../main/backend/engine-entry.ts';
import { forkEngine } from '../../main/backend/fork-engine.ts';
import { portTransport } from '../../shared/contract/port.ts';
import { oracle } from '../support/oracles.ts';
import { bash } from '../support/tools.ts';

let folder: string;
beforeEach(async ({ onTestFinished }) => {
  folder = await mkdtemp(join(tmpdir(), 'lifeboat-fork-'));
  onTestFinished(() => rm(folder, { recursive: true }));
});

/** Starts a real process that runs `program`, and gives its first message and its end. */
async function started(program: string) {
  const entry = join(folder, 'engine.mjs');
  await writeFile(entry, program);
  const engine = forkEngine({ path: entry, args: [] });
  onTestFinished(() => engine.kill());
  return {
    engine,
    message: new Promise<unknown>((resolve) => engine.port.onMessage(resolve)),
    end: new Promise<string>((resolve) => engine.port.onClose(resolve)),
  };
}

describe('a forked engine', () => {
  it('exchanges typed arrays as they are, in both directions', async () => {
    const { engine, message } = await started(`process.on('message', (m) => process.send({ echoed: m }))`);
    const bytes = Uint8Array.of(0, 127, 255);
    engine.port.post({ bytes, nothing: undefined });
    expect(await message).toEqual({ echoed: { bytes, nothing: undefined } });
  });

  it('sees no more of the environment than it needs', async () => {
    vi.stubEnv('LIFEBOAT_CANARY', 'secret');
    vi.stubEnv('NODE_OPTIONS', '--max-old-space-size=999');
    vi.stubEnv('TZ', 'Pacific/Chatham');
    vi.stubEnv('GLIBC_TUNABLES', 'glibc.malloc.check=3');
    onTestFinished(() => void vi.unstubAllEnvs());
    const { message } = await started(`process.send([process.env, process.argv.length, process.execArgv])`);
    const [environment, argc, execArgv] = (await message) as [Record<string, string>, number, string[]];
    // Node adds its own variables for the channel, and takes them away again before the program starts.
    const allowed = ['TZ', 'LANG', 'LC_ALL', 'SystemRoot', 'GLIBC_TUNABLES'];
    expect(Object.keys(environment).filter((name) => !allowed.includes(name))).toEqual([]);
    expect(environment['TZ']).toBe('Pacific/Chatham');
    // Its own, whatever the person's is.
    expect(environment['GLIBC_TUNABLES']).toBe('glibc.malloc.hugetlb=1');
    expect(argc).toBe(2);
    expect(execArgv).toEqual([]);
  });

  it.each([
    ['the code it exited with', 'process.exit(7)', 'exit code 7'],
    ['the signal that killed it', `process.kill(process.pid, 'SIGSEGV')`, 'SIGSEGV'],
    ['that it ran out of memory', `process.abort()`, 'SIGABRT'],
  ])('tells %s', async (_, program, reason) => {
    expect(await (await started(program)).end).toBe(reason);
  });

  it('delivers what it said last before its end is told', async () => {
    const { message, end } = await started(`process.send('x'.repeat(1e6), () => process.exit(3))`);
    const order: string[] = [];
    await Promise.all([message.then(() => order.push('message')), end.then(() => order.push('end'))]);
    expect(order).toEqual(['message', 'end']);
  });

  it('can be killed in the middle of a computation, twice, and its open calls are answered', async () => {
    const { engine, message, end } = await started(`process.send('busy', () => { for (;;); })`);
    await message;
    const call = portTransport(engine.port).call('any.call', undefined);
    engine.kill();
    engine.kill();
    expect(await end).toBe('SIGKILL');
    expect(await call).toEqual({
      ok: false,
      problem: { code: 'engine-gone', params: { reason: 'SIGKILL' } },
    });
    engine.port.post('nobody hears this');
  });

  it('does not outlive its channel', async () => {
    const { end } = await started(`setInterval(() => {}, 1000); process.disconnect()`);
    expect(await end).toBe('SIGKILL');
  });

  it('whose program is missing ends like any other', async () => {
    const engine = forkEngine({ path: join(folder, 'missing.mjs'), args: [] });
    expect(await new Promise((resolve) => engine.port.onClose(resolve))).toBe('exit code 1');
  });

  oracle('bash').test('that the system has no room for ends, and says why', async () => {
    const module = join(import.meta.dirname, '../../main/backend/fork-engine.ts');
    const program = `
      const { forkEngine } = await import(${JSON.stringify(pathToFileURL(module).href)});
      const { port, kill } = forkEngine();
      port.onClose((reason) => console.log(reason));
      port.post('nobody hears this');
      setImmediate(kill);`;
    const ends: string[] = [];
    // With fewer descriptors not even this Node starts, with more the engine does too.
    for (let most = 18; most <= 30; most++) {
      const told = await bash('ulimit -n "$1"; "$2" --input-type=module --eval "$3" 2>&1 || true', [
        String(most),
        process.execPath,
        program,
      ]);
      ends.push(told.toString());
    }
    expect(ends.join('')).toMatch(/spawn .* EMFILE/);
    expect(ends.join('')).not.toContain('TypeError');
  });
});

describe('the environment of an engine', () => {
  it('is a list of what may pass, not of what may not', () => {
    const everything = {
      PATH: '/bin',
      HOME: '/root',
      SSH_AUTH_SOCK: 'x',
      LD_PRELOAD: 'y',
      LANG: 'de_DE.UTF-8',
      TZ: 'UTC',
    };
    expect(engineEnvironment(everything)).toEqual({ LANG: 'de_DE.UTF-8', TZ: 'UTC' });
  });

  it('goes with a program that lies where the engine lies', () =>
    expect(engineEntry.path).toMatch(/[/\\]main[/\\]engine[/\\]engine-process\.ts$/));
});

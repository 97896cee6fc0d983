/** The wizard's calls to a browser host in a process of its own, as its page would make them, without a browser. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { callPath, eventsPath, pageHeader, pageParameter } from '../../shared/contract/channels.ts';
import { clientOf } from '../../shared/contract/define.ts';
import { wizardContract, type WizardClient } from '../../shared/contract/wizard.ts';

const project = join(import.meta.dirname, '../..');

/** Starts `npm start` for a browser, in a process group of its own; it prints its address and waits for a page. */
export function startHost(environment: NodeJS.ProcessEnv = {}): ChildProcess {
  const host = spawn(process.execPath, [join(project, 'scripts/start.ts'), '--browser'], {
    env: { PATH: process.env['PATH'], LANG: 'en_US.UTF-8', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  // A pipe of its own: who waits for the end of the test's own output need not wait for what a host started.
  host.stderr.pipe(process.stderr, { end: false });
  return host;
}

/** Comes in through the address that the host prints, as its one page. Rejects once the host is gone. */
export async function connectToHost(host: ChildProcess): Promise<WizardClient> {
  const entrance = new URL(await printedAddress(host));
  const welcome = await fetch(entrance, { redirect: 'manual' });
  const cookie = welcome.headers.get('set-cookie')?.split(';')[0] ?? '';
  const page = randomUUID();
  const headers = { cookie, origin: entrance.origin };
  const events = await fetch(`${entrance.origin}${eventsPath}?${pageParameter}=${page}`, { headers });
  const listeners = new Map<string, Set<(payload: unknown) => void>>();
  const tell = (name: string, payload: unknown) => {
    for (const listener of listeners.get(name) ?? []) listener(payload);
  };
  void readEvents(events, tell).catch(() => undefined);
  return clientOf(wizardContract, {
    async call(name, args) {
      const answer = await fetch(`${entrance.origin}${callPath}${name}`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json', [pageHeader]: page },
        body: args === undefined ? '' : JSON.stringify(args),
      });
      return await answer.json();
    },
    listen(name, listener) {
      const named = listeners.get(name) ?? new Set();
      listeners.set(name, named.add(listener));
      return () => void named.delete(listener);
    },
  });
}

function printedAddress(host: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = '';
    host.stdout?.on('data', (bytes: Buffer) => {
      printed += bytes.toString();
      const address = /http:\S+/.exec(printed)?.[0];
      if (address !== undefined) resolve(address);
    });
    host.once('close', () => reject(new Error(`the host ended: ${printed}`)));
  });
}

/** Hands on each event of the stream, until it ends. */
async function readEvents(stream: Response, tell: (name: string, payload: unknown) => void): Promise<void> {
  let rest = '';
  for await (const text of (stream.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
    const messages = (rest + text).split('\n\n');
    rest = messages.pop() ?? '';
    for (const message of messages.filter((line) => line.startsWith('data: '))) {
      const { name, payload } = JSON.parse(message.slice('data: '.length)) as {
        name: string;
        payload: unknown;
      };
      tell(name, payload);
    }
  }
}

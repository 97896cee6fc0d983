/** The contract's transport in a browser: calls are posted, events come over one stream that stays open. */
import { callPath, eventsPath, pageHeader, pageParameter } from '../../shared/contract/channels.ts';
import type { Result, Transport } from '../../shared/contract/define.ts';
import { problem, RecoveryError } from '../../shared/problems.ts';

/** A page that is reloaded comes back before the server has seen it leave. */
const attempts = 5;
const pauseBetween = 300;

/**
 * Opens the stream of events, which makes this page the one that the server serves.
 *
 * @throws RecoveryError `unexpected` when the server refuses, which it does while another page is open
 */
export async function httpTransport(): Promise<Transport> {
  const page = crypto.randomUUID();
  const stream = await openStream(`${eventsPath}?${pageParameter}=${page}`, attempts);
  const listeners = new Map<string, Set<(payload: unknown) => void>>();

  stream.addEventListener('message', ({ data }) => {
    const { name, payload } = JSON.parse(String(data)) as { name: string; payload: unknown };
    for (const listener of listeners.get(name) ?? []) listener(payload);
  });

  return {
    call: (name, args) => post(page, name, args),
    listen(name, listener) {
      const named = listeners.get(name) ?? new Set();
      listeners.set(name, named.add(listener));
      return () => void named.delete(listener);
    },
  };
}

async function openStream(address: string, attemptsLeft: number): Promise<EventSource> {
  const stream = new EventSource(address);
  const opened = await new Promise<boolean>((resolve) => {
    stream.addEventListener('open', () => resolve(true), { once: true });
    stream.addEventListener('error', () => resolve(false), { once: true });
  });
  if (opened) return stream;
  stream.close();
  if (attemptsLeft <= 1) throw new RecoveryError(problem('unexpected', { detail: 'no connection' }));
  await new Promise((resolve) => setTimeout(resolve, pauseBetween));
  return openStream(address, attemptsLeft - 1);
}

async function post(page: string, name: string, args: unknown): Promise<Result<unknown>> {
  try {
    const response = await fetch(`${callPath}${name}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', [pageHeader]: page },
      ...(args !== undefined && { body: JSON.stringify(args) }),
    });
    if (!response.ok) return gone(`status ${response.status}`);
    return (await response.json()) as Result<unknown>;
  } catch {
    return gone('connection lost');
  }
}

/** The server ends with its engine, so a page that cannot reach it has lost both. */
function gone(reason: string): Result<never> {
  return { ok: false, problem: problem('engine-gone', { reason }) };
}

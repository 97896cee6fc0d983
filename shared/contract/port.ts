/** Carries a contract over any two-way port of messages: a utility process, a forked child, a message channel. */
import { problem } from '../problems.ts';
import type { Dispatch, Result, Transport } from './define.ts';

/** One end of a channel of structured messages, in order, each delivered once. */
export interface Port {
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Told once, with a reason in words for a log, when no message will come any more. */
  onClose(listener: (reason: string) => void): void;
}

type Message =
  | { readonly kind: 'call'; readonly id: number; readonly name: string; readonly args: unknown }
  | { readonly kind: 'answer'; readonly id: number; readonly result: Result<unknown> }
  | { readonly kind: 'event'; readonly name: string; readonly payload: unknown };

/** The asking end. Calls that are open when the port closes, and all later ones, answer `engine-gone`. */
export function portTransport(port: Port): Transport {
  const waiting = new Map<number, (result: Result<unknown>) => void>();
  const listeners = new Map<string, Set<(payload: unknown) => void>>();
  let nextId = 0;
  let gone: Result<never> | undefined;

  port.onMessage((raw) => {
    const message = raw as Message;
    if (message.kind === 'answer') {
      waiting.get(message.id)?.(message.result);
      waiting.delete(message.id);
    } else if (message.kind === 'event') {
      for (const listener of listeners.get(message.name) ?? []) listener(message.payload);
    }
  });
  port.onClose((reason) => {
    const answer: Result<never> = { ok: false, problem: problem('engine-gone', { reason }) };
    gone = answer;
    for (const settle of waiting.values()) settle(answer);
    waiting.clear();
  });

  return {
    call: (name, args) =>
      new Promise((resolve) => {
        if (gone) {
          resolve(gone);
          return;
        }
        const id = nextId++;
        waiting.set(id, resolve);
        port.post({ kind: 'call', id, name, args } satisfies Message);
      }),
    listen(name, listener) {
      const named = listeners.get(name) ?? new Set();
      listeners.set(name, named.add(listener));
      return () => void named.delete(listener);
    },
  };
}

/** The answering end: every call goes to `dispatch`; the returned function sends events. */
export function servePort(port: Port, dispatch: Dispatch): (name: string, payload: unknown) => void {
  port.onMessage((raw) => {
    const message = raw as Message;
    if (message.kind !== 'call') return;
    void dispatch(message.name, message.args).then((result) => {
      port.post({ kind: 'answer', id: message.id, result } satisfies Message);
    });
  });
  return (name, payload) => {
    port.post({ kind: 'event', name, payload } satisfies Message);
  };
}

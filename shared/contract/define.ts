/**
 * The mechanism of every contract: from one value, made of calls and events with schemas, come the client's
 * functions, the server's handlers and the checks of what crosses the wire.
 */
import * as z from 'zod/mini';
import { problem, problemOf, RecoveryError, type Problem } from '../problems.ts';

/** What a call answers: a value or a catalogued problem. No exception text crosses a wire. */
export type Result<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem };

/** The value of a result, or its problem as the exception that `serve` turns into a result again. */
export function valueOf<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new RecoveryError(result.problem);
}

export interface Call<A extends z.ZodMiniType = z.ZodMiniType, R extends z.ZodMiniType = z.ZodMiniType> {
  readonly kind: 'call';
  readonly args: A;
  readonly result: R;
}

export interface Event<P extends z.ZodMiniType = z.ZodMiniType> {
  readonly kind: 'event';
  readonly payload: P;
}

export type Contract = Readonly<Record<string, Readonly<Record<string, Call | Event>>>>;

export function call<A extends z.ZodMiniType, R extends z.ZodMiniType>(args: A, result: R): Call<A, R> {
  return { kind: 'call', args, result };
}

export function event<P extends z.ZodMiniType>(payload: P): Event<P> {
  return { kind: 'event', payload };
}

type CallsOf<G> = { [K in keyof G as G[K] extends Call ? K : never]: G[K] };
type EventsOf<G> = { [K in keyof G as G[K] extends Event ? K : never]: G[K] };

type Arguments<A extends z.ZodMiniType> = A extends z.ZodMiniVoid ? [] : [z.input<A>];

/** The side that asks: a function per call, and per event one that subscribes and returns the unsubscribe. */
export type Client<C extends Contract> = {
  readonly [G in keyof C]: {
    readonly [K in keyof CallsOf<C[G]>]: CallsOf<C[G]>[K] extends Call<infer A, infer R>
      ? (...args: Arguments<A>) => Promise<Result<z.output<R>>>
      : never;
  } & {
    readonly [K in keyof EventsOf<C[G]>]: EventsOf<C[G]>[K] extends Event<infer P>
      ? (listener: (payload: z.output<P>) => void) => () => void
      : never;
  };
};

/** The side that answers: a function per call; it throws `RecoveryError` for what can go wrong. */
export type Handlers<C extends Contract> = {
  readonly [G in keyof C]: {
    readonly [K in keyof CallsOf<C[G]>]: CallsOf<C[G]>[K] extends Call<infer A, infer R>
      ? (args: z.output<A>) => Promise<z.input<R>> | z.input<R>
      : never;
  };
};

/** What the answering side calls to send events: a function per event. */
export type Emitters<C extends Contract> = {
  readonly [G in keyof C]: {
    readonly [K in keyof EventsOf<C[G]>]: EventsOf<C[G]>[K] extends Event<infer P>
      ? (payload: z.input<P>) => void
      : never;
  };
};

/** How a client reaches its server. Names are `group.call` and `group.event`. */
export interface Transport {
  call(name: string, args: unknown): Promise<unknown>;
  listen(name: string, listener: (payload: unknown) => void): () => void;
}

/** Every name of a contract with its definition, as `['backup.open', …]`. */
export function entriesOf(contract: Contract): readonly (readonly [string, Call | Event])[] {
  return Object.entries(contract).flatMap(([group, members]) =>
    Object.entries(members).map(([name, member]) => [`${group}.${name}`, member] as const),
  );
}

/** Builds an object shaped like the contract out of what `make` returns for the entries of one kind. */
function shape(contract: Contract, make: (name: string, member: Call | Event) => unknown): unknown {
  return Object.fromEntries(
    Object.entries(contract).map(([group, members]) => [
      group,
      Object.fromEntries(
        Object.entries(members)
          .map(([name, member]) => [name, make(`${group}.${name}`, member)] as const)
          .filter(([, made]) => made !== undefined),
      ),
    ]),
  );
}

/** The client of `contract` over `transport`. */
export function clientOf<C extends Contract>(contract: C, transport: Transport): Client<C> {
  return shape(contract, (name, member) =>
    member.kind === 'call'
      ? (args: unknown) => transport.call(name, args)
      : (listener: (payload: unknown) => void) => transport.listen(name, listener),
  ) as Client<C>;
}

/** The emitters of `contract`, each sending its event's name and payload through `send`. */
export function emittersOf<C extends Contract>(
  contract: C,
  send: (name: string, payload: unknown) => void,
): Emitters<C> {
  return shape(contract, (name, member) =>
    member.kind === 'event' ? (payload: unknown) => send(name, payload) : undefined,
  ) as Emitters<C>;
}

/** Answers one call by name, whatever its caller sent: unknown names and wrong arguments are refused. */
export type Dispatch = (name: string, args: unknown) => Promise<Result<unknown>>;

/** Binds `handlers` to `contract`; arguments are validated here, on the side that must not trust them. */
export function serve<C extends Contract>(contract: C, handlers: Handlers<C>): Dispatch {
  const calls = new Map(entriesOf(contract));
  return async (name, args) => {
    const entry = calls.get(name);
    if (entry?.kind !== 'call') return refused(`no call named ${name}`);
    const parsed = z.safeParse(entry.args, args);
    if (!parsed.success) return refused(`wrong arguments for ${name}`);
    const [group, member] = name.split('.') as [string, string];
    const handler = (handlers as Record<string, Record<string, (args: unknown) => unknown>>)[group]?.[member];
    if (!handler) return refused(`no handler for ${name}`);
    try {
      return { ok: true, value: await handler(parsed.data) };
    } catch (thrown) {
      return { ok: false, problem: problemOf(thrown) };
    }
  };
}

function refused(detail: string): Result<never> {
  return { ok: false, problem: problem('unexpected', { detail }) };
}

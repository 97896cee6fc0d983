/**
 * A stand-in for the backend, derived from the contract: it answers as a scenario says, sends events when told,
 * and checks both sides of every call against the contract's schemas.
 */
import * as z from 'zod/mini';
import {
  clientOf,
  emittersOf,
  entriesOf,
  serve,
  type Call,
  type Client,
  type Emitters,
  type Handlers,
  type Transport,
} from '../../shared/contract/define.ts';
import { wizardContract, type WizardContract } from '../../shared/contract/wizard.ts';
import type { Problem } from '../../shared/problems.ts';
import { imageHandlers, mountHandlers } from './image-sample.ts';
import * as sample from './wizard-sample.ts';

type Calls = {
  [G in keyof WizardContract]: {
    [K in keyof WizardContract[G]]: WizardContract[G][K] extends Call<z.ZodMiniType, infer R>
      ? { readonly name: `${G & string}.${K & string}`; readonly result: z.input<R> }
      : never;
  }[keyof WizardContract[G]];
}[keyof WizardContract];

export type CallName = Calls['name'];

/** How one call answers in a scenario, instead of the plain way: never, with a problem, or with a value. */
export type Answer<R> = { readonly pending: true } | { readonly problem: Problem } | { readonly value: R };

/** What is different from a computer where everything goes well. It is plain data, to be sent into a page. */
export type Scenario = {
  readonly [N in CallName]?: Answer<Extract<Calls, { readonly name: N }>['result']>;
};

export interface WizardDouble {
  readonly client: Client<WizardContract>;
  readonly emit: Emitters<WizardContract>;
  /** Sends an event by its name in the contract. */
  readonly send: (name: string, payload: unknown) => void;
  /** What was asked, in order. */
  readonly calls: readonly { readonly name: string; readonly args: unknown }[];
}

export const jobId = 'job-1';

/** Everything goes well: the backup opens, any passphrase fits, there is space. Events are sent by the test. */
const handlers: Handlers<WizardContract> = {
  program: {
    describe: () => sample.program,
    byHand: () => sample.byHand,
    diagnostics: () => sample.diagnostics,
    quit: () => undefined,
  },
  preferences: { read: () => sample.preferences, save: () => undefined },
  places: {
    chooseBackup: () => sample.backupPlace,
    together: () => sample.backupPlace,
    chooseImage: () => sample.imagePlace,
    chooseFolder: () => sample.folderPlace,
    locate: ({ kind }) => sample.placesByKind[kind],
    list: () => sample.homeListing,
    recentFolders: () => [],
    createFolder: () => sample.folderPlace,
    takeGiven: () => null,
  },
  backup: {
    open: () => sample.opened,
    openSample: () => sample.openedSample,
    unlock: () => sample.inventory,
    cancelUnlock: () => undefined,
    saveRescueKit: () => sample.kitPlace,
    close: () => undefined,
  },
  restore: {
    plan: ({ qubes, folderId }) =>
      sample.planFor(qubes, folderId === null ? null : sample.folderPlace, 412e9),
    start: () => ({ jobId }),
    pause: () => undefined,
    resume: () => undefined,
    cancel: () => undefined,
  },
  image: imageHandlers,
  mount: mountHandlers,
  results: {
    openFolder: () => undefined,
    settingsOf: ({ qube }) => (qube === 'work' ? sample.settings : { notes: null, firewall: null }),
    save: () => sample.savedPlace,
  },
};

export function wizardDouble(scenario: Scenario = {}): WizardDouble {
  const entries = new Map(entriesOf(wizardContract));
  const listeners = new Map<string, Set<(payload: unknown) => void>>();
  const calls: { name: string; args: unknown }[] = [];
  const dispatch = serve(wizardContract, handlers);

  async function answer(name: string, args: unknown): Promise<unknown> {
    const scripted = scenario[name as CallName];
    if (!scripted) return dispatch(name, args);
    if ('pending' in scripted) return new Promise(() => undefined);
    if ('problem' in scripted) return { ok: false, problem: scripted.problem };
    return { ok: true, value: scripted.value };
  }

  const transport: Transport = {
    async call(name, args) {
      calls.push({ name, args });
      const entry = entries.get(name);
      if (entry?.kind !== 'call') throw new Error(`${name} is no call of the contract`);
      z.parse(entry.args, args);
      const result = (await answer(name, args)) as { readonly ok: boolean; readonly value?: unknown };
      if (result.ok) z.parse(entry.result, result.value);
      return result;
    },
    listen(name, listener) {
      const named = listeners.get(name) ?? new Set();
      listeners.set(name, named.add(listener));
      return () => void named.delete(listener);
    },
  };

  function send(name: string, payload: unknown): void {
    const entry = entries.get(name);
    if (entry?.kind !== 'event') throw new Error(`${name} is no event of the contract`);
    z.parse(entry.payload, payload);
    for (const listener of listeners.get(name) ?? []) listener(payload);
  }

  return { client: clientOf(wizardContract, transport), emit: emittersOf(wizardContract, send), send, calls };
}

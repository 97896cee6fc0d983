/**
 * The one page that the browser host serves, with the backend that lives as long as it does: a second page is
 * refused, a page that loses its connection has some seconds to come back, and then the program may end.
 */
import type { ServerResponse } from 'node:http';
import { emittersOf, type Dispatch, type Emitters } from '../../shared/contract/define.ts';
import { wizardContract, type WizardContract } from '../../shared/contract/wizard.ts';
import type { Backend } from '../backend/host.ts';

/** Events that the next of their kind make obsolete. */
const passing: ReadonlySet<string> = new Set(['restore.progress', 'image.copyProgress', 'mount.progress']);

/** Events that are kept for a page whose connection broke; a few seconds bring far fewer. */
const keptEvents = 1_000;

export interface PageSession {
  /** Sends events to the page `id` from now on, over what `open` gives; false when another page is connected. */
  connect(id: string, open: () => ServerResponse): boolean;
  /** What answers calls of the page `id`; null for any other page than the one served. */
  dispatchFor(id: string): Dispatch | null;
  /** Ends the backend and the page's stream. */
  close(): Promise<void>;
}

export interface PageSessionOptions {
  readonly createBackend: (emit: Emitters<WizardContract>) => Backend;
  /** Milliseconds that a page may be away before it counts as closed. */
  readonly patience: number;
  /** Told once when the page has been away for longer than that. */
  readonly onGone: () => void;
}

/** How the page is reached: over a stream, or not now, in which case its events are kept for it. */
interface Line {
  stream: ServerResponse | undefined;
  missed: string[];
}

interface ServedPage {
  readonly id: string;
  readonly line: Line;
  readonly backend: Backend;
}

export function createPageSession({ createBackend, patience, onGone }: PageSessionOptions): PageSession {
  let served: ServedPage | undefined;
  let departure: NodeJS.Timeout | undefined;

  /** A reloaded page knows nothing of the old one's backup and jobs, so it starts anew as well. */
  function replaceBy(id: string): ServedPage {
    void served?.backend.close();
    const line: Line = { stream: undefined, missed: [] };
    const backend = createBackend(emittersOf(wizardContract, (name, payload) => send(line, name, payload)));
    return { id, line, backend };
  }

  return {
    connect(id, open) {
      if (served?.line.stream && served.id !== id) return false;
      clearTimeout(departure);
      served = served?.id === id ? served : replaceBy(id);
      const { line } = served;
      line.stream?.end();
      const stream = open();
      for (const message of line.missed) stream.write(message);
      line.missed = [];
      line.stream = stream;
      stream.once('close', () => {
        if (line.stream !== stream) return;
        line.stream = undefined;
        if (served?.line === line) departure = setTimeout(onGone, patience);
      });
      return true;
    },

    dispatchFor: (id) => (served?.id === id ? served.backend.dispatch : null),

    async close() {
      clearTimeout(departure);
      const page = served;
      served = undefined;
      await page?.backend.close();
      page?.line.stream?.end();
    },
  };
}

function send(line: Line, name: string, payload: unknown): void {
  const message = `data: ${JSON.stringify({ name, payload })}\n\n`;
  if (!line.stream) {
    line.missed = [...line.missed.slice(1 - keptEvents), message];
  } else if (!passing.has(name) || !line.stream.writableNeedDrain) {
    // A page that does not read, as in a frozen tab, misses moments of progress and nothing else.
    line.stream.write(message);
  }
}

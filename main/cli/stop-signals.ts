/** The signals by which a person, a script or a terminal that is closed asks a command to end. */

const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export type StopSignal = (typeof stopSignals)[number];

/**
 * Has `stop` called by the first of them, so that the command ends in order; a second one ends it at once.
 *
 * @returns ends this
 */
export function onStopSignal(stop: () => void): () => void {
  const end = onStopSignals(() => {
    end();
    stop();
  });
  return end;
}

/**
 * Has `heard` called by each of them.
 *
 * @returns ends this
 */
export function onStopSignals(heard: (signal: StopSignal) => void): () => void {
  for (const signal of stopSignals) process.on(signal, heard);
  return () => stopSignals.forEach((signal) => process.off(signal, heard));
}

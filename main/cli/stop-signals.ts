/** The signals by which a person, a script or a terminal that is closed asks a command to end. */

const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Has `stop` called by the first of them, so that the command ends in order; a second one ends it at once.
 *
 * @returns ends this
 */
export function onStopSignal(stop: () => void): () => void {
  const end = () => stopSignals.forEach((signal) => process.off(signal, heard));
  const heard = () => {
    end();
    stop();
  };
  for (const signal of stopSignals) process.once(signal, heard);
  return end;
}

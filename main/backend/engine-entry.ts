/** What every spawner of engines needs: where the engine's program lies, and the environment it may see. */
import { entryPoint } from '../recovery/entry-point.ts';

export const engineEntry = entryPoint('../engine/engine-process', import.meta.url);

/** The name under which the engine shows in lists of processes and in reports of crashes. */
export const engineServiceName = 'Lifeboat engine';

/** Time zone and language for dates and messages; Windows needs its own folder to find system libraries. */
const allowed = ['TZ', 'LANG', 'LC_ALL', 'SystemRoot'] as const;

/**
 * The few variables of `environment` that an engine may see. It handles hostile bytes, so it gets neither the
 * secrets that people keep in their environment nor variables that change what Node loads (`NODE_OPTIONS`).
 */
export function engineEnvironment(environment: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    allowed.flatMap((name) => {
      const value = environment[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

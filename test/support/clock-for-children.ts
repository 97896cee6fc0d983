/**
 * Loaded before a program (`node --import`): what it forks gets the variables of a pretended clock as well, which the
 * scrubbed environment of an engine would not let through.
 */
import children from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';
import { clockVariables } from './jumping-clock.ts';

const { fork } = children;
const clock = Object.fromEntries(clockVariables.map((name) => [name, process.env[name]]));
children.fork = ((path: string, args: readonly string[], options: children.ForkOptions) =>
  fork(path, args, { ...options, env: { ...options.env, ...clock } })) as typeof fork;
syncBuiltinESMExports();

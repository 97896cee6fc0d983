/** Runs once before and after all tests: refuses another Node than the program ships with, and sweeps up. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export default function setup(): () => void {
  const [major] = process.versions.node.split('.');
  if (major !== '24') {
    throw new Error(
      `tests run on Node 24, as the program does, but this is ${process.version}: "npm ci" brings it along where npm has it for this computer, else install it`,
    );
  }
  const scratch = mkdtempSync(join(tmpdir(), 'lifeboat-test-'));
  process.env['LIFEBOAT_SCRATCH'] = scratch;
  return () => rmSync(scratch, { recursive: true, force: true });
}

/** Runs once before all tests: refuses to test on another Node than the program ships with. */
import { rmSync } from 'node:fs';

export default function setup(): void {
  const [major] = process.versions.node.split('.');
  if (major !== '24') {
    throw new Error(
      `tests run on Node 24, as the program does, but this is ${process.version}; "npm ci" brings it along`,
    );
  }
  rmSync('node_modules/.cache/lifeboat-tests/scratch', { recursive: true, force: true });
}

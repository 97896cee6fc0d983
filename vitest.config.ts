/** How the tests run: all in one command, on the Node that the program ships with, closing with a plain count. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/{unit,vectors,e2e,security}/**/*.test.{ts,tsx}'],
    globalSetup: 'test/support/global-setup.ts',
    reporters: ['default', './test/support/closing-count.ts'],
    // Against hanging, not against slow machines: some take three times as long to derive keys as others.
    testTimeout: 180_000,
    hookTimeout: 240_000,
    // Derivations and browsers want whole processors; two at once is what small machines bear.
    maxWorkers: 2,
  },
});

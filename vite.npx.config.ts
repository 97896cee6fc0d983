/** How the command line is built for `npx lifeboat`: what hundreds of modules hold in few, which start in half the time. */
import { readFileSync } from 'node:fs';
import { defineConfig, type Plugin } from 'vite';

/** What is started: a file that any Node can read, and that looks at the Node before it loads the rest. */
const start: Plugin = {
  name: 'start',
  generateBundle() {
    const check = readFileSync('main/cli/needs-node.cjs', 'utf8');
    const source = `#!/usr/bin/env node\n${check}\nimport('./program.mjs');\n`;
    this.emitFile({ type: 'asset', fileName: 'lifeboat.mjs', source });
  },
};

export default defineConfig({
  publicDir: false,
  plugins: [start],
  ssr: { noExternal: true },
  build: {
    ssr: true,
    target: 'node20.19',
    outDir: 'dist/cli',
    minify: false,
    rolldownOptions: {
      input: {
        program: 'main/cli/lifeboat.ts',
        'engine-process': 'main/engine/engine-process.ts',
        'lane-worker': 'main/engine/lane-worker.ts',
        'chunk-worker': 'main/engine/chunk-worker.ts',
        'decoding-thread': 'main/recovery/archive/decoders/decoding-thread.ts',
      },
      output: {
        entryFileNames: '[name].mjs',
        chunkFileNames: '[name].mjs',
        // It finds the others by its own address, so it stays a module of its own.
        codeSplitting: { groups: [{ name: 'entry-point', test: /recovery\/entry-point\.ts$/ }] },
      },
    },
  },
});

/** How the command line is built for `npx lifeboat`: what hundreds of modules hold in few, which start in half the time. */
import { defineConfig } from 'vite';

export default defineConfig({
  publicDir: false,
  ssr: { noExternal: true },
  build: {
    ssr: true,
    target: 'node20.19',
    outDir: 'dist/cli',
    minify: false,
    rolldownOptions: {
      input: [
        'main/cli/lifeboat.ts',
        'main/engine/engine-process.ts',
        'main/engine/lane-worker.ts',
        'main/engine/chunk-worker.ts',
        'main/recovery/archive/decoders/decoding-thread.ts',
      ],
      output: {
        entryFileNames: '[name].mjs',
        chunkFileNames: '[name].mjs',
        // It finds the others by its own address, so it stays a module of its own.
        codeSplitting: { groups: [{ name: 'entry-point', test: /recovery\/entry-point\.ts$/ }] },
      },
    },
  },
});

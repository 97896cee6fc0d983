/** How the preload is bundled: one CommonJS file, since a sandboxed preload can load nothing but Electron. */
import { defineConfig } from 'vite';

export default defineConfig({
  publicDir: false,
  build: {
    lib: { entry: 'preload/preload.ts', formats: ['cjs'], fileName: () => 'preload.cjs' },
    outDir: 'dist/preload',
    emptyOutDir: true,
    target: 'es2023',
    rolldownOptions: { external: ['electron'] },
  },
});

/** How the wizard's page is bundled: one page for every host, with nothing inline that its content policy forbids. */
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  root: 'renderer',
  // Relative, so that the page works below `app://lifeboat/` and below any address of the browser host.
  base: './',
  publicDir: false,
  plugins: [react()],
  build: {
    outDir: '../dist/renderer',
    // Whose work is in the bundle, for the papers that packages carry.
    license: { fileName: '.vite/licences.json' },
    emptyOutDir: true,
    target: 'es2023',
    // The policy allows images and fonts from the page's own origin only: no data URLs.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Read from the same computer, one file is as good as many.
    chunkSizeWarningLimit: 1000,
  },
});

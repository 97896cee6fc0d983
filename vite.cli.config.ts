/** How the command line is made one file: everything but Node itself is in it, the licences of the packages too. */
import { readFileSync } from 'node:fs';
import { defineConfig, type Plugin } from 'vite';
import { withoutTests } from './main/backend/rescue-kit/materials.ts';

/** Appends the licences of all that was bundled, as most of them ask, to the file that they are about. */
const licencesWithin: Plugin = {
  name: 'licences-within',
  generateBundle: {
    order: 'post',
    handler(_options, bundle) {
      const asset = bundle['licences.md'];
      if (asset?.type !== 'asset') this.error('the licences of the bundled packages are missing');
      const texts = [readFileSync('LICENSE', 'utf8'), String(asset.source)].join('\n');
      for (const file of Object.values(bundle)) {
        if (file.type === 'chunk') file.code += `\n/*\n${texts.replaceAll('*/', '* /')}*/\n`;
      }
      delete bundle['licences.md'];
    },
  },
};

export default defineConfig({
  publicDir: false,
  plugins: [licencesWithin],
  ssr: { noExternal: true },
  define: { bundledFormats: JSON.stringify(withoutTests(readFileSync('docs/format.md', 'utf8'))) },
  build: {
    ssr: 'main/cli/single-file.ts',
    target: 'node20.19',
    outDir: 'dist',
    emptyOutDir: false,
    license: { fileName: 'licences.md' },
    // To be read by whoever wants to know what opens their backup.
    minify: false,
    rolldownOptions: { output: { entryFileNames: 'lifeboat.mjs', codeSplitting: false } },
  },
});

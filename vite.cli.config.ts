/** How the command line is made one file: everything but Node itself is in it, the licences of the packages too. */
import { readFileSync } from 'node:fs';
import { defineConfig, type Plugin } from 'vite';
import { withoutTests } from './main/backend/rescue-kit/materials.ts';

const start = readFileSync('main/cli/single-file-start.mjs', 'utf8');
const check = readFileSync('main/cli/needs-node.cjs', 'utf8');

/**
 * Puts the program behind a start that any Node reads, with the licences of all that was bundled, as most of them ask:
 * to the file that they are about.
 */
const startAndLicences: Plugin = {
  name: 'start-and-licences',
  generateBundle: {
    order: 'post',
    handler(_options, bundle) {
      const asset = bundle['licences.md'];
      if (asset?.type !== 'asset') this.error('the licences of the bundled packages are missing');
      const texts = [readFileSync('LICENSE', 'utf8'), String(asset.source)].join('\n');
      for (const file of Object.values(bundle)) {
        if (file.type !== 'chunk') continue;
        const program = `'use strict';\n${file.code}\n/*\n${texts.replaceAll('*/', '* /')}*/\n`;
        if (program.includes('*&#47;')) this.error('the sources hold what stands for the end of a comment');
        const checked = start.replace('// The check of Node goes here.\n', () => check);
        file.code = `${checked}\n/* The program:\n${program.replaceAll('*/', '*&#47;')}*/\n`;
      }
      delete bundle['licences.md'];
    },
  },
};

export default defineConfig({
  publicDir: false,
  plugins: [startAndLicences],
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
    rolldownOptions: { output: { entryFileNames: 'lifeboat.mjs', codeSplitting: false, format: 'cjs' } },
  },
});

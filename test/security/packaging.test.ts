/**
 * Promises of the packaged app, read back from what electron-builder really makes, with a stand-in for Electron's
 * own program: the fuses in it, an archive that holds all the app loads and nothing it should not, and what packages
 * for Linux lay out beside it.
 */
import { extractAll, extractFile, listPackage } from '@electron/asar';
import { FuseV1Options, FuseVersion } from '@electron/fuses';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, join, posix } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { createContext, runInContext } from 'node:vm';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectEngine } from '../../main/backend/engine-client.ts';
import { forkEngine } from '../../main/backend/fork-engine.ts';
import { disabled, enabled, readFuses, rightFuses } from '../../scripts/fuses.ts';
import { samplePassphrase } from '../fixtures/sample.ts';
import { filesBelow, lifeboat, reportOf, scratchFolder } from '../support/lifeboat.ts';
import { oracle } from '../support/oracles.ts';
import { run } from '../support/tools.ts';

const project = join(import.meta.dirname, '../..');

/** What Electron's program carries around its fuses, by which the tool that sets them finds them. */
const sentinel = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';

const built =
  existsSync(join(project, 'dist/main/app/main.js')) && existsSync(join(project, 'dist/renderer/index.html'));

// In CI a build that is missing must not look like a package that is right.
describe.skipIf(!built && process.env['CI'] !== 'true')(
  `the packaged app${built ? '' : ' (skipped: npm run build)'}`,
  () => {
    let folder: string;
    let resources: string;
    let archive: string;
    let names: readonly string[];

    const text = (name: string) => extractFile(archive, name).toString();

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'lifeboat-package-'));
      const electron = join(folder, 'electron-dist');
      await mkdir(electron);
      // As many as Electron's program has, by those who make it, whatever is decided here; each starts as it should not be.
      const fuses = Object.values(FuseV1Options).filter((fuse) => typeof fuse === 'number');
      const wire = fuses.map((fuse) => (rightFuses[fuse] ? disabled : enabled));
      const program = [
        Buffer.from(`\x7fELF${sentinel}`),
        Buffer.from([Number(FuseVersion.V1), wire.length, ...wire]),
      ];
      await writeFile(join(electron, 'electron'), Buffer.concat(program));
      await chmod(join(electron, 'electron'), 0o755);
      const { version } = JSON.parse(
        await readFile(join(project, 'node_modules/electron/package.json'), 'utf8'),
      ) as { version: string };
      await writeFile(join(electron, 'version'), version);
      await run(process.execPath, ['scripts/papers.ts'], { cwd: project });
      await run(
        process.execPath,
        [
          'node_modules/electron-builder/cli.js',
          '--linux',
          ...(process.platform === 'linux' ? ['dir', 'deb', 'rpm'] : ['dir']),
          '--x64',
          `-c.electronDist=${electron}`,
          `-c.directories.output=${join(folder, 'release')}`,
          // Where the workflow says that it runs.
          '-c.extraMetadata.homepage=https://example.org/lifeboat',
        ],
        { cwd: project, env: await standInForFpm() },
      );
      resources = join(folder, 'release/linux-unpacked/resources');
      archive = join(resources, 'app.asar');
      names = listPackage(archive, { isPack: false }).map((name) => name.replaceAll('\\', '/').slice(1));
    });

    afterAll(() => rm(folder, { recursive: true }));

    /** The environment in which electron-builder finds what stands in for fpm. */
    async function standInForFpm(): Promise<Record<string, string>> {
      const programs = join(folder, 'programs');
      await mkdir(programs);
      await copyFile(join(project, 'test/support/fpm-stand-in.sh'), join(programs, 'fpm'));
      const PATH = [programs, process.env['PATH'] ?? ''].join(delimiter);
      return { PATH, USE_SYSTEM_FPM: 'true', TREES: join(folder, 'trees') };
    }

    it('has every fuse set, as read back from its program', async () => {
      const program = join(folder, 'release/linux-unpacked/lifeboat-wizard');
      expect(await readFuses(program)).toEqual(rightFuses);
      await run(process.execPath, ['scripts/check-fuses.ts', program], { cwd: project });
      const untouched = join(folder, 'electron-dist/electron');
      await expect(
        run(process.execPath, ['scripts/check-fuses.ts', untouched], { cwd: project }),
      ).rejects.toThrow();
    });

    it('holds the program and no tests, tools, sources or other hosts', () => {
      const top = new Set(names.map((name) => name.split('/')[0]));
      expect([...top].sort()).toEqual(['dist', 'docs', 'node_modules', 'package.json']);
      const rooms = new Set(
        names.filter((name) => name.startsWith('dist/')).map((name) => name.split('/').slice(1, 3).join('/')),
      );
      expect(rooms).toContain('main/app');
      for (const room of ['main/browser', 'main/cli']) expect(rooms).not.toContain(room);
      for (const name of names) {
        expect(name).not.toMatch(/\.(ts|tsx|cts|mts|map)$/);
        expect(name).not.toMatch(
          /^node_modules\/(electron|electron-builder|vite|vitest|typescript|react|playwright-core|node)(\/|$)/,
        );
      }
    });

    it('begins where its package says', () => {
      const { main, type } = JSON.parse(text('package.json')) as { main: string; type: string };
      expect(type).toBe('module');
      expect(names).toContain(main);
    });

    it('holds every file and package that its program imports', () => {
      const scripts = names.filter((name) => /^dist\/(main|shared)\/.*\.js$/.test(name));
      expect(scripts.length).toBeGreaterThan(20);
      for (const script of scripts) {
        for (const { fileName: wanted } of ts.preProcessFile(text(script)).importedFiles) {
          if (wanted.startsWith('.')) {
            expect(names, `${script} imports ${wanted}`).toContain(posix.join(posix.dirname(script), wanted));
          } else if (
            !wanted.startsWith('node:') &&
            !builtinModules.includes(wanted) &&
            wanted !== 'electron'
          ) {
            const name = wanted
              .split('/')
              .slice(0, wanted.startsWith('@') ? 2 : 1)
              .join('/');
            expect(names, `${script} imports ${wanted}`).toContain(`node_modules/${name}/package.json`);
          }
        }
      }
    });

    it('holds no module of its own that nothing in it loads', () => {
      // Where its processes and threads begin.
      const entries = [
        'dist/main/app/main.js',
        'dist/main/engine/engine-process.js',
        'dist/main/engine/lane-worker.js',
        'dist/main/engine/chunk-worker.js',
        'dist/main/recovery/archive/decoders/decoding-thread.js',
      ];
      const loaded = new Set<string>();
      const load = (script: string): void => {
        if (loaded.has(script)) return;
        loaded.add(script);
        for (const { fileName } of ts.preProcessFile(text(script)).importedFiles) {
          if (fileName.startsWith('.')) load(posix.join(posix.dirname(script), fileName));
        }
      };
      entries.forEach(load);
      const held = names.filter((name) => /^dist\/(main|shared)\/.*\.[a-z]+$/.test(name));
      // Of a module that holds types alone, nothing is left but its name.
      const idle = held.filter((name) => !loaded.has(name) && text(name).trim() !== 'export {};');
      expect(idle).toEqual([]);
    });

    it('has a preload that loads nothing but Electron', () => {
      const loaded = [...text('dist/preload/preload.cjs').matchAll(/require\(([^)]*)\)/g)].map(
        ([, name]) => name,
      );
      expect(loaded).toEqual(['"electron"']);
    });

    it('has a preload that puts the contract on the window, and evaluates no text as code', () => {
      const exposed: string[] = [];
      const electron = { contextBridge: { exposeInMainWorld: (name: string) => exposed.push(name) } };
      const sandbox = createContext(
        { require: () => electron },
        { codeGeneration: { strings: false, wasm: false } },
      );
      runInContext(text('dist/preload/preload.cjs'), sandbox);
      expect(exposed).toEqual(['lifeboat', 'lifeboatFiles']);
    });

    it('has a page that its content policy can show: nothing inline, nothing from elsewhere', () => {
      const html = text('dist/renderer/index.html');
      expect(html).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|javascript:|data:|https?:/i);
      const parts = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, part = '']) => part);
      expect(parts.length).toBeGreaterThan(1);
      for (const part of parts) expect(names).toContain(posix.join('dist/renderer', part));
    });

    it('holds no more packages than its program imports, and of them what is run and their licences', () => {
      const packages = new Set(
        names.filter((name) => name.startsWith('node_modules/')).map((name) => name.split('/')[1]),
      );
      expect([...packages].sort()).toEqual(['i18next', 'saxes', 'scrypt-js', 'xmlchars', 'zod']);
      for (const name of names.filter((each) => /^node_modules\/.*\.[a-z]+$/.test(each))) {
        expect(name).toMatch(/\.js$|\/package\.json$|\/LICENSE(\.\w+)?$/);
      }
      expect(names.filter((name) => name.endsWith('.node'))).toEqual([]);
    });

    it('is small: what is beside Electron itself fits on any stick', async () => {
      expect((await stat(archive)).size).toBeLessThan(6_000_000);
      // The profile comes with packages for Debian, which have their own place for it.
      const beside = (await filesBelow(resources)).filter(
        (name) => name !== 'app.asar' && name !== 'apparmor-profile',
      );
      expect(beside).toEqual([
        'THIRD-PARTY-LICENSES.txt',
        'cli/completions/_lifeboat',
        'cli/completions/lifeboat.bash',
        'cli/completions/lifeboat.fish',
        'cli/lifeboat.1',
        'cli/lifeboat.mjs',
        'sample.backup',
        'sbom.cdx.json',
      ]);
      expect(await readFile(join(resources, 'sample.backup'))).toEqual(
        await readFile(join(project, 'assets/sample.backup')),
      );
    });

    it('says whose work is in it: every licence in full, every package in its bill of materials', async () => {
      const licences = await readFile(join(resources, 'THIRD-PARTY-LICENSES.txt'), 'utf8');
      const bill = JSON.parse(await readFile(join(resources, 'sbom.cdx.json'), 'utf8')) as {
        bomFormat: string;
        components: { name: string; version: string; licenses?: unknown[]; hashes?: unknown[] }[];
      };
      expect(bill.bomFormat).toBe('CycloneDX');
      for (const name of [
        'electron',
        'i18next',
        'saxes',
        'scrypt-js',
        'xmlchars',
        'zod',
        'react',
        'commander',
      ]) {
        const { version } = JSON.parse(
          await readFile(join(project, 'node_modules', name, 'package.json'), 'utf8'),
        ) as { version: string };
        expect(bill.components).toContainEqual(expect.objectContaining({ name, version }));
        expect(licences).toContain(`\n${name} ${version} (`);
      }
      for (const { name } of bill.components) expect(licences).toContain(`\n${name} `);
      expect(bill.components.map(({ name }) => name)).not.toContain('vitest');
    });

    describe('taken out of its archive', () => {
      let app: string;
      beforeAll(async () => {
        app = join(await scratchFolder(), 'app');
        extractAll(archive, app);
      });

      it('has an engine that starts and restores, with the threads and packages that it finds there', async () => {
        const to = await scratchFolder();
        const engine = connectEngine(() =>
          forkEngine({ path: join(app, 'dist/main/engine/engine-process.js'), args: [] }),
        );
        const { backup, restore } = engine.client;
        const opened = await backup.open({ files: [join(resources, 'sample.backup')], findParts: true });
        if (!opened.ok) throw new Error(opened.problem.code);
        const { handle } = opened.value;
        const passphrase = new TextEncoder().encode(samplePassphrase);
        expect(
          (await backup.unlock({ handle, passphrase, acceptUnsealed: false, allowSlow: false })).ok,
        ).toBe(true);
        const ended = await restore.run({
          handle,
          job: 'packaged',
          qubes: null,
          destination: to,
          acceptPartial: false,
          allowSlow: false,
        });
        engine.kill();
        expect(ended).toMatchObject({ ok: true, value: { report: { outcome: 'restored' } } });
        expect(await filesBelow(to)).toContain('work/private.img');
      });

      it('writes rescue kits whose program is the one that lies beside it', async () => {
        const module = pathToFileURL(join(app, 'dist/main/backend/rescue-kit/kit.js')).href;
        const { writeRescueKit } = (await import(module)) as {
          writeRescueKit: (target: string) => Promise<string>;
        };
        const kit = await writeRescueKit(await scratchFolder());
        expect(await readFile(join(kit, 'lifeboat.mjs'))).toEqual(
          await readFile(join(resources, 'cli/lifeboat.mjs')),
        );
        expect(await readFile(join(kit, 'FORMAT.txt'), 'utf8')).toContain('scrypt container');
      });
    });

    it('brings a command line that restores by itself', async () => {
      const to = await scratchFolder();
      const ended = await lifeboat(['restore', join(resources, 'sample.backup'), '--to', to, '--json'], {
        program: [process.execPath, join(resources, 'cli/lifeboat.mjs')],
        cwd: to,
        passphrase: samplePassphrase,
      });
      expect([ended.code, reportOf(ended).outcome]).toEqual([0, 'restored']);
    });

    describe.runIf(process.platform === 'linux')('as a package for Linux', () => {
      const tree = (type: string) => join(folder, 'trees', type);
      const zsh = { deb: 'vendor-completions', rpm: 'site-functions' };

      it.each(['deb', 'rpm'] as const)(
        '%s puts these files into the system, and the app into /opt',
        async (type) => {
          const outside = (await filesBelow(tree(type))).filter((name) => !name.startsWith('opt/Lifeboat/'));
          const icons = [16, 24, 32, 48, 64, 128, 256, 512].map(
            (size) => `usr/share/icons/hicolor/${size}x${size}/apps/lifeboat-wizard.png`,
          );
          expect(outside).toEqual(
            [
              'usr/bin/lifeboat',
              'usr/share/applications/lifeboat-wizard.desktop',
              'usr/share/bash-completion/completions/lifeboat',
              'usr/share/fish/vendor_completions.d/lifeboat.fish',
              ...icons,
              'usr/share/man/man1/lifeboat.1.gz',
              'usr/share/mime/packages/lifeboat-wizard.xml',
              `usr/share/zsh/${zsh[type]}/_lifeboat`,
            ].sort(),
          );
          const link = await readlink(join(tree(type), 'usr/bin/lifeboat'));
          expect((await stat(join(tree(type), link))).mode & 0o111).toBe(0o111);
          const manual = gunzipSync(await readFile(join(tree(type), 'usr/share/man/man1/lifeboat.1.gz')));
          expect(manual.toString()).toContain('.TH LIFEBOAT 1');
          expect(await filesBelow(join(tree(type), 'opt/Lifeboat'))).toEqual(
            expect.arrayContaining(['lifeboat-wizard', 'resources/app.asar']),
          );
        },
      );

      oracle('desktop-file-validate', 'update-desktop-database').test(
        'is what the desktop opens backups with',
        async () => {
          const applications = join(tree('deb'), 'usr/share/applications');
          const entry = join(applications, 'lifeboat-wizard.desktop');
          await run('desktop-file-validate', [entry]);
          expect((await readFile(entry, 'utf8')).split('\n')).toContain(
            'Exec=/opt/Lifeboat/lifeboat-wizard %U',
          );
          await run('update-desktop-database', [applications]);
          expect(await readFile(join(applications, 'mimeinfo.cache'), 'utf8')).toContain(
            'application/x-qubes-backup=lifeboat-wizard.desktop;',
          );
        },
      );
    });

    it('has icons in every size that systems ask for', async () => {
      const icons = join(project, 'assets/icons');
      const widths = [];
      for (const name of await filesBelow(join(icons, 'linux'))) {
        const png = await readFile(join(icons, 'linux', name));
        expect(`${png.readUInt32BE(16)}x${png.readUInt32BE(20)}.png`).toBe(name);
        widths.push(png.readUInt32BE(16));
      }
      expect(widths.sort((a, b) => a - b)).toEqual([16, 24, 32, 48, 64, 128, 256, 512]);
      const ico = await readFile(join(icons, 'lifeboat.ico'));
      const count = ico.readUInt16LE(4);
      expect(Array.from({ length: count }, (_, i) => ico.readUInt8(6 + 16 * i))).toEqual([
        16, 24, 32, 48, 64, 0,
      ]);
      const icns = await readFile(join(icons, 'lifeboat.icns'));
      expect([icns.toString('latin1', 0, 4), icns.readUInt32BE(4)]).toEqual(['icns', icns.length]);
    });
  },
);

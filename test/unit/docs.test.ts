/** The documents against the program: what they list is what there is. */
import { glob, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { restoreReport } from '../../shared/backup.ts';
import { samplePassphrase } from '../fixtures/sample.ts';
import { variants } from '../fixtures/variants.ts';
import { lifeboat, reportOf } from '../support/lifeboat.ts';
import { reportSchema, reportSchemaPath } from '../support/report-schema.ts';

const project = join(import.meta.dirname, '../..');

test('docs/format.md lists every variant that is tested, in the words of the table', async () => {
  const document = await readFile(join(project, 'docs/format.md'), 'utf8');
  for (const { file, special } of variants) {
    expect(document).toContain(`| \`${file.replace('.backup', '')}\` | ${special} |`);
  }
});

test('docs/report.schema.json is what the program prints', async () => {
  const written = JSON.parse(await readFile(reportSchemaPath, 'utf8')) as unknown;
  expect(written, 'node test/support/report-schema.ts writes it anew').toEqual(JSON.parse(reportSchema()));
  const sample = join(project, 'assets/sample.backup');
  for (const args of [[sample], [sample, 'nobody'], [join(project, 'README.md')]]) {
    const report = reportOf(await lifeboat(['verify', ...args, '--json'], { passphrase: samplePassphrase }));
    expect(restoreReport.parse(report)).toEqual(report);
  }
});

test('docs/rescue.md says that mounting is a risk, and what to do instead', async () => {
  const document = await readFile(join(project, 'docs/rescue.md'), 'utf8');
  for (const words of ['Do not mount', 'hostile', 'live USB', 'libguestfs'])
    expect(document).toContain(words);
});

test('every command is in docs/cli.md, and what the documents link to is there', async () => {
  const { stdout } = await lifeboat(['--help']);
  const document = await readFile(join(project, 'docs/cli.md'), 'utf8');
  for (const [, name = ''] of stdout.matchAll(/^ {2}([a-z-]+) /gm)) {
    if (name !== 'help') expect(document).toContain(`lifeboat ${name}`);
  }
  for (const file of ['README.md', 'docs/rescue.md', 'docs/cli.md', 'docs/security.md', 'CONTRIBUTING.md']) {
    const text = await readFile(join(project, file), 'utf8');
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g), ...text.matchAll(/src="([^"]+)"/g)];
    for (const [, link = ''] of links) await stat(join(project, dirname(file), link));
  }
});

test('every promise of docs/security.md names what holds it, and that is there', async () => {
  const document = await readFile(join(project, 'docs/security.md'), 'utf8');
  const promises = document.split('## Promises')[1]?.split('\n## ')[0]?.split(/^- /m).slice(1) ?? [];
  expect(promises.length).toBeGreaterThan(20);
  for (const promise of promises) {
    const named = [...promise.matchAll(/`([^`]+\.(?:test\.ts|yml))`/g)].map(([, path = '']) => path);
    expect(named, promise).not.toEqual([]);
    for (const path of named) {
      // Files beside one that was named with its folder are named by themselves.
      const found = [];
      for await (const each of glob([path, `test/*/${path}`], { cwd: project })) found.push(each);
      expect(found, path).not.toEqual([]);
    }
  }
});

test('every line of docs/security.md names a test that is there', async () => {
  const document = await readFile(join(project, 'docs/security.md'), 'utf8');
  for (const section of ['What a verdict may say', 'The window and the browser host, line by line']) {
    const text = document.split(`\n## ${section}\n`)[1]?.split('\n## ')[0] ?? '';
    const lines = [...text.matchAll(/^\| (?!What \|).*/gm)].map(String);
    expect(lines.length, section).toBeGreaterThan(30);
    for (const line of lines) {
      const [, file = '', name = ''] = /^\| .*? \| `(.*\.test\.ts)` +\| (.*?) +\|$/.exec(line) ?? [];
      // Those of test/security are named without their folder.
      const tests = await readFile(join(project, file.includes('/') ? '' : 'test/security', file), 'utf8');
      expect(tests.includes(`'${name}'`) || tests.includes(`\`${name}\``), line).toBe(true);
    }
  }
});

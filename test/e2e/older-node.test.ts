/** A Node that is too old: one line that says so, whatever a person starts, instead of what that Node cannot read. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { scratchFolder } from '../support/lifeboat.ts';
import { fetchNodes, tooOld } from '../support/nodes.ts';
import { buildFewModules, buildSingleFile } from '../support/single-file.ts';

const project = join(import.meta.dirname, '../..');
const { scripts } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};
/** What a script of npm's has Node run, as arguments. */
const started = Object.entries(scripts).flatMap(([name, script]) => {
  const command = script.split(' && ').find((each) => /^node .*\.ts$/.test(each));
  return command === undefined ? [] : [{ name, args: command.split(' ').slice(1) }];
});

const tooOldForSources = ['22.0.0'] as const;
const [old, oldForSources] = [await fetchNodes(tooOld), await fetchNodes(tooOldForSources)];

let single: string;
let few: string;

beforeAll(async () => {
  single = await buildSingleFile(await scratchFolder());
  few = await buildFewModules(await scratchFolder());
});

function refusal(program: string, args: readonly string[]): unknown[] {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: project, encoding: 'utf8' });
  return [status, stdout, stderr];
}

for (const { version, path, test } of old) {
  test(`what is built says in one line that Node ${version} is too old`, () => {
    const refused = [2, '', `lifeboat: needs Node 20.19 or newer, and this is Node ${version}.\n`];
    for (const file of [single, few])
      expect(refusal(path, [file, 'info', 'a.backup']), file).toEqual(refused);
  });
}

for (const { version, path, test } of [...old, ...oldForSources]) {
  test(`so does each script of npm's that runs sources, on Node ${version}`, () => {
    const refused = [2, '', `lifeboat: needs Node 22.18 or newer, and this is Node ${version}.\n`];
    for (const { name, args } of started) expect(refusal(path, args), name).toEqual(refused);
  });
}

describe('of the scripts', () => {
  test('those that people start are among the ones that were tried', () => {
    expect(started.map(({ name }) => name)).toEqual(expect.arrayContaining(['prepare', 'start', 'demo']));
  });
});

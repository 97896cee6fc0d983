/** Promises of what a backup says of itself: its header, its list of qubes, and which files belong to whom. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openBackupFrom } from '../../main/recovery/backup.ts';
import { memorySource } from '../../main/recovery/bytes/source.ts';
import { creationTime, parseBackupHeader } from '../../main/recovery/catalog/backup-header.ts';
import { catalogFolders, catalogQubes, unlistedName } from '../../main/recovery/catalog/inventory.ts';
import { parseQubesXml, type ListedQube } from '../../main/recovery/catalog/qubes-xml.ts';
import { groupStoredFiles, type StoredFiles } from '../../main/recovery/catalog/stored-files.ts';
import { parseXml } from '../../main/recovery/catalog/xml-tree.ts';
import { indexContainer } from '../../main/recovery/container/container-index.ts';
import { planRestore } from '../../main/recovery/restore/plan.ts';
import { qube as qubeSchema } from '../../shared/backup.ts';
import { RecoveryError } from '../../shared/problems.ts';
import { core2Xml, core3Xml, type ListedQube as ListedForXml } from '../support/qubes-xml.ts';
import { archiveEnd, member, paxHeader } from '../vectors/hand-made-tar.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);

/** The code that `work` fails with, or `fine`. Any other exception is passed on. */
function codeOf(work: () => unknown): string {
  try {
    work();
    return 'fine';
  } catch (error) {
    if (error instanceof RecoveryError) return error.problem.code;
    throw error;
  }
}

function catching(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

const real4 = {
  version: '4',
  encrypted: 'True',
  compressed: 'True',
  'compression-filter': 'gzip',
  'hmac-algorithm': 'scrypt',
  'backup-id': '20240229T123456-4321',
};
const real3 = {
  version: '3',
  encrypted: 'True',
  compressed: 'True',
  'compression-filter': 'gzip',
  'crypto-algorithm': 'aes-256-cbc',
  'hmac-algorithm': 'SHA512',
};

function headerText(lines: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(lines)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${value ?? ''}\n`)
    .join('');
}

const parse = (lines: Readonly<Record<string, string | undefined>>) =>
  parseBackupHeader(utf8(headerText(lines)));

describe('a backup header', () => {
  it('of format 4 reads as Qubes writes it', () => {
    expect(parse(real4)).toEqual({
      version: 4,
      encrypted: true,
      compressionFilter: 'gzip',
      cryptoAlgorithm: null,
      hmacAlgorithm: 'scrypt',
      backupId: '20240229T123456-4321',
    });
  });

  it('of format 3 reads as Qubes writes it', () => {
    expect(parse(real3)).toMatchObject({ version: 3, cryptoAlgorithm: 'aes-256-cbc', backupId: null });
  });

  it('of format 2 has no version', () => {
    const real2 = { ...real3, version: undefined, 'compression-filter': undefined };
    expect(parse(real2)).toMatchObject({ version: 2, compressionFilter: 'gzip' });
  });

  const good: Record<string, [Readonly<Record<string, string | undefined>>, object]> = {
    'is not compressed though it names a filter': [
      { ...real4, compressed: 'False' },
      { compressionFilter: null },
    ],
    'is not compressed and names none': [
      { ...real4, compressed: 'False', 'compression-filter': undefined },
      { compressionFilter: null },
    ],
    'is sealed though it says it is not encrypted': [{ ...real4, encrypted: 'False' }, { encrypted: true }],
    'spells true as 1': [{ ...real4, compressed: '1' }, { compressionFilter: 'gzip' }],
    'spells true as YES': [{ ...real4, compressed: 'YES' }, { compressionFilter: 'gzip' }],
    'takes any other word for false': [{ ...real4, compressed: 'on' }, { compressionFilter: null }],
    'names a filter with arguments': [
      { ...real4, 'compression-filter': 'gzip -3' },
      { compressionFilter: 'gzip -3' },
    ],
    'has lines that nobody knows': [{ ...real4, 'made-by': 'someone', x: '' }, { version: 4 }],
    'has unknown lines twice, called as what every object has': [
      { ...real4, 'made-by': 'x\nconstructor=1\nconstructor=2\n__proto__=1\n__proto__=2' },
      { version: 4 },
    ],
    'spells backup-id with an underscore': [
      { ...real4, 'backup-id': undefined, backup_id: '20240229T1-2' },
      { backupId: '20240229T1-2' },
    ],
    'is format 3 and neither encrypted nor compressed': [
      { ...real3, encrypted: 'False', compressed: 'False', 'crypto-algorithm': undefined },
      { encrypted: false, cryptoAlgorithm: null, compressionFilter: null },
    ],
  };
  for (const [what, [lines, expected]] of Object.entries(good)) {
    it(`is read when it ${what}`, () => expect(parse(lines)).toMatchObject(expected));
  }

  it('is read without a line feed at its end, and with empty lines', () => {
    expect(parseBackupHeader(utf8(headerText(real4).trimEnd()))).toMatchObject({ version: 4 });
    expect(parseBackupHeader(utf8(`\n${headerText(real4).replaceAll('\n', '\n\n')}`))).toMatchObject({
      version: 4,
    });
  });

  const bad: Record<string, string> = {
    'is empty': '',
    'is no text': '\0\x01\x02',
    'has a line without an equals sign': `${headerText(real4)}nonsense\n`,
    'has a line without a key': `${headerText(real4)}=x\n`,
    'begins with a byte order mark': `\ufeff${headerText(real4)}`,
    'has a NUL': `${headerText(real4)}x=\0\n`,
    'has a value that is not ASCII': headerText({ ...real4, 'made-by': 'Jürgen' }),
    'has a key twice': `${headerText(real4)}version=4\n`,
    'has a key in both spellings': headerText({ ...real4, backup_id: 'x' }),
    'says nothing of encryption': headerText({ ...real4, encrypted: undefined }),
    'says nothing of compression': headerText({ ...real4, compressed: undefined }),
    'is compressed by nothing': headerText({ ...real4, 'compression-filter': undefined }),
    'is compressed by an empty name': headerText({ ...real4, 'compression-filter': '' }),
    'names no digest': headerText({ ...real4, 'hmac-algorithm': undefined }),
    'has no backup id': headerText({ ...real4, 'backup-id': undefined }),
    'has an empty backup id': headerText({ ...real4, 'backup-id': '' }),
    'has a backup id that looks like an option': headerText({ ...real4, 'backup-id': '-rf' }),
    'has a backup id with an exclamation mark': headerText({ ...real4, 'backup-id': 'a!b' }),
    'has a backup id with a slash': headerText({ ...real4, 'backup-id': '../a' }),
    'is encrypted by nothing': headerText({ ...real3, 'crypto-algorithm': undefined }),
    'is too long': headerText({ ...real4, comment: 'x'.repeat(4096) }),
  };
  for (const [what, text] of Object.entries(bad)) {
    it(`is malformed when it ${what}`, () => {
      expect(codeOf(() => parseBackupHeader(utf8(text)))).toBe('header-malformed');
    });
  }

  it('of another format is unsupported', () => {
    for (const version of ['1', '5', '40', '-4', '4.5', '4.0', '0x4', '4e0', ' 4', 'four', ' ']) {
      expect(
        codeOf(() => parse({ ...real4, version })),
        version,
      ).toBe('version-unsupported');
    }
  });

  it('is a header or a problem, whatever bytes it has', () => {
    const lines = fc.array(
      fc
        .tuple(fc.constantFrom(...Object.keys(real4), 'x', '__proto__', 'constructor'), fc.string())
        .map(([k, v]) => `${k}=${v}`),
    );
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 5000 }),
      lines.map((all) => utf8(all.join('\n'))),
      lines.map((all) => utf8(`${headerText(real4)}${all.join('\n')}`)),
    );
    fc.assert(
      fc.property(bytes, (header) => {
        expect(['fine', 'header-malformed', 'version-unsupported']).toContain(
          codeOf(() => parseBackupHeader(header)),
        );
      }),
    );
  });

  it('tells the local time of its making by its id, where it has the usual form', () => {
    expect(creationTime('20240229T123456-4321')).toBe('2024-02-29T12:34:56');
    for (const id of [
      null,
      '',
      '20240229',
      '2024-02-29T12:34:56-1',
      'x20240229T123456-4321',
      '20240229T123456',
    ]) {
      expect(creationTime(id)).toBeNull();
    }
  });
});

/** A qube as the maker of real lists wants it. */
const listed = (name: string, more: Partial<ListedForXml> = {}): ListedForXml => ({
  name,
  class: 'AppVM',
  qid: 1,
  label: 'blue',
  included: true,
  path: 'vm1/',
  size: 1000,
  volumes: { private: 2 ** 31 },
  properties: {},
  features: {},
  ...more,
});

describe('the list of qubes', () => {
  it('of Qubes 4 gives names, labels, templates, networks, folders and volumes', () => {
    const xml = core3Xml([
      listed('dom0', { class: 'AdminVM', qid: 0, label: 'black', path: 'dom0-home/user', volumes: {} }),
      listed('work', { template: 'debian-12', netvm: 'sys-firewall' }),
      listed('vault', { qid: 4, label: 'gray', path: 'vm4', netvm: '', class: 'StandaloneVM' }),
      listed('debian-12', { qid: 2, class: 'TemplateVM', included: false, path: '' }),
    ]);
    const [dom0, work, vault, template] = parseQubesXml(utf8(xml));
    expect(dom0).toMatchObject({
      name: 'dom0',
      class: 'AdminVM',
      label: 'black',
      backupPath: 'dom0-home/user',
    });
    expect(work).toMatchObject({
      name: 'work',
      class: 'AppVM',
      label: 'blue',
      template: 'debian-12',
      netvm: 'sys-firewall',
      backupPath: 'vm1',
    });
    expect(work?.volumes.find(({ name }) => name === 'private')).toEqual({
      name: 'private',
      size: 2 ** 31,
      saveOnStop: true,
    });
    expect(vault).toMatchObject({
      name: 'vault',
      label: 'gray',
      netvm: '',
      backupPath: 'vm4',
      template: null,
    });
    expect(template).toMatchObject({ name: 'debian-12', class: 'TemplateVM', backupPath: null });
  });

  it('of Qubes 3 gives the same from attributes', () => {
    const xml = core2Xml([
      listed('work', { template: 'fedora-23', path: 'appvms/work' }),
      listed('fedora-23', { qid: 2, class: 'TemplateVM', label: 'black', included: false, path: '' }),
    ]);
    const qubes = parseQubesXml(utf8(xml));
    const work = qubes.find(({ name }) => name === 'work');
    expect(work).toMatchObject({
      class: 'AppVM',
      label: 'blue',
      template: 'fedora-23',
      backupPath: 'appvms/work',
    });
    expect(qubes.find(({ name }) => name === 'fedora-23')).toMatchObject({
      class: 'TemplateVM',
      backupPath: null,
    });
  });

  const core2 = (attributes: string, element = 'QubesAppVm') =>
    parseQubesXml(utf8(`<QubesVmCollection><${element} ${attributes}/></QubesVmCollection>`));

  it('of Qubes 3 knows all its kinds of qubes, and passes over other elements', () => {
    const kinds = {
      QubesAppVm: 'AppVM',
      QubesHVm: 'StandaloneVM',
      QubesTemplateVm: 'TemplateVM',
      QubesTemplateHVm: 'TemplateVM',
      QubesNetVm: 'AppVM',
      QubesProxyVm: 'AppVM',
      QubesDisposableVm: 'DispVM',
      QubesAdminVm: 'AdminVM',
    };
    for (const [element, kind] of Object.entries(kinds)) {
      expect(core2('name="x"', element)).toMatchObject([
        { class: kind, name: kind === 'AdminVM' ? 'dom0' : 'x' },
      ]);
    }
    expect(core2('name="x"', 'QubesSomethingVm')).toEqual([]);
  });

  it('of Qubes 3 has a qube without a template as a standalone one, whatever its element', () => {
    for (const element of ['QubesAppVm', 'QubesHVm', 'QubesNetVm', 'QubesProxyVm']) {
      expect(core2('name="x" template_qid="none"', element)).toMatchObject([{ class: 'StandaloneVM' }]);
      expect(core2('name="x" template_qid="None"', element)).toMatchObject([{ class: 'StandaloneVM' }]);
      expect(core2('name="x" template_qid="3"', element)).toMatchObject([{ class: 'AppVM' }]);
    }
    for (const element of ['QubesTemplateVm', 'QubesTemplateHVm'])
      expect(core2('name="x" template_qid="none"', element)).toMatchObject([{ class: 'TemplateVM' }]);
    expect(core2('template_qid="none"', 'QubesAdminVm')).toMatchObject([{ class: 'AdminVM' }]);
  });

  it('of Qubes 3 tells no network from one that is not said', () => {
    expect(core2('name="x" netvm_qid="none"')).toMatchObject([{ netvm: '' }]);
    expect(core2('name="x" qid="7" netvm_qid="7"')).toMatchObject([{ netvm: 'x' }]);
  });

  it('of Qubes 3 takes missing attributes as Qubes does, and evaluates none', () => {
    expect(core2('name="x" services="__import__(\'os\').system(\'true\')" pcidevs="[1"')).toEqual([
      {
        name: 'x',
        class: 'AppVM',
        label: 'red',
        template: null,
        netvm: null,
        backupPath: null,
        volumes: [{ name: 'private', size: null, saveOnStop: true }],
      },
    ]);
    expect(core2('name="x" backup_content="True"')).toMatchObject([{ backupPath: null }]);
    expect(core2('name="x" backup_content="False" backup_path="a"')).toMatchObject([{ backupPath: null }]);
    expect(core2('name="x" backup_content="True" backup_path="appvms/x/"')).toMatchObject([
      { backupPath: 'appvms/x' },
    ]);
    expect(core2('name="x" template_qid="7"')).toMatchObject([{ template: null }]);
  });

  it('of Qubes 3 names no volumes: which a backup must contain follows from the kind of qube', () => {
    const volumesOf = (element: string, template: string) =>
      core2(`name="x" template_qid="${template}"`, element).flatMap(({ volumes }) =>
        volumes.filter(({ saveOnStop }) => saveOnStop).map(({ name }) => name),
      );
    for (const element of ['QubesAppVm', 'QubesHVm', 'QubesNetVm', 'QubesProxyVm']) {
      expect(volumesOf(element, '7'), element).toEqual(['private']);
      expect(volumesOf(element, 'none'), element).toEqual(['private', 'root']);
    }
    for (const element of ['QubesTemplateVm', 'QubesTemplateHVm'])
      expect(volumesOf(element, 'none'), element).toEqual(['root']);
    for (const element of ['QubesAdminVm', 'QubesDisposableVm'])
      expect(volumesOf(element, 'none'), element).toEqual([]);
  });

  const core3 = (inside: string) =>
    parseQubesXml(
      utf8(
        `<qubes><labels><label id="label-1" color="0xcc0000">red</label></labels><domains>${inside}</domains></qubes>`,
      ),
    );

  it('holds a qube only when it says both that and where', () => {
    const features = (content: string | null, path: string | null) =>
      core3(
        `<domain class="AppVM"><features>${content === null ? '' : `<feature name="backup-content">${content}</feature>`}${
          path === null ? '' : `<feature name="backup-path">${path}</feature>`
        }</features></domain>`,
      )[0]?.backupPath;
    expect(features('True', 'vm1/')).toBe('vm1');
    expect(features('True', 'vm1')).toBe('vm1');
    expect(features('1', 'vm1///')).toBe('vm1');
    expect(features('', 'vm1/')).toBeNull();
    expect(features(null, 'vm1/')).toBeNull();
    expect(features('True', null)).toBeNull();
  });

  it('takes labels by reference, by id and by name', () => {
    for (const label of [
      '<property name="label" ref="label-1"/>',
      '<property name="label">label-1</property>',
      '<property name="label">red</property>',
    ]) {
      expect(core3(`<domain class="AppVM"><properties>${label}</properties></domain>`)).toMatchObject([
        { label: 'red' },
      ]);
    }
  });

  it('takes sizes of volumes that are exact numbers, and no others', () => {
    for (const [size, expected] of [
      ['1024', 1024],
      ['0', 0],
      ['-1', null],
      ['1e3', null],
      ['9'.repeat(20), null],
      ['', null],
    ] as const) {
      const volume = `<volume name="private" size="${size}" save_on_stop="True"/>`;
      const [qube] = core3(`<domain class="AppVM"><volume-config>${volume}</volume-config></domain>`);
      expect(qube?.volumes, size).toEqual([{ name: 'private', size: expected, saveOnStop: true }]);
    }
  });

  it('is empty where nothing is listed', () => {
    expect(core3('')).toEqual([]);
    expect(parseQubesXml(utf8('<qubes/>'))).toEqual([]);
  });

  it('of any root without domains has no qubes named like what every object has', () => {
    const names = ['constructor', '__proto__', 'toString', 'hasOwnProperty'];
    const xml = `<QubesVmCollection>${names.map((name) => `<${name} name="x"/>`).join('')}</QubesVmCollection>`;
    expect(parseQubesXml(utf8(xml))).toEqual([]);
  });
});

const nested = (depth: number) => `${'<a>'.repeat(depth)}${'</a>'.repeat(depth)}`;

describe('the XML of the list', () => {
  const laughs = Array.from({ length: 20 }, (_, i) => `<!ENTITY l${i + 1} "&l${i};&l${i};&l${i};">`).join('');
  const refused: Record<string, string | Uint8Array> = {
    'nothing at all': '',
    'blanks only': '  \n ',
    'no XML': 'version=4\n',
    'a document type': '<!DOCTYPE qubes><qubes/>',
    'an external document type': '<!DOCTYPE qubes SYSTEM "file:///etc/passwd"><qubes/>',
    'entities of its own': `<!DOCTYPE q [<!ENTITY l0 "ha">${laughs}]><qubes>&l20;</qubes>`,
    'an external entity': '<!DOCTYPE q [<!ENTITY x SYSTEM "file:///etc/passwd">]><qubes>&x;</qubes>',
    'an entity that nobody declared': '<qubes>&x;</qubes>',
    'an entity for a character that XML has not': '<qubes>&#0;</qubes>',
    'a byte of zero': '<qubes>\0</qubes>',
    'an element that is not closed': '<qubes><domains></qubes>',
    'two roots': '<qubes/><qubes/>',
    'text behind the root': '<qubes/>text',
    'an attribute twice': '<qubes a="1" a="2"/>',
    'attributes without quotes': '<qubes a=1/>',
    'bytes that are not UTF-8': Buffer.concat([utf8('<qubes>'), Buffer.of(0xff, 0xfe), utf8('</qubes>')]),
    'UTF-16': Buffer.from('\ufeff<qubes/>', 'utf16le'),
    'elements nested too deep': nested(65),
    'elements nested far too deep': nested(1_000_000),
    'a cut end': core3Xml([listed('work')]).slice(0, -20),
  };
  for (const [what, xml] of Object.entries(refused)) {
    it(`is refused with ${what}`, () => {
      const bytes = typeof xml === 'string' ? utf8(xml) : xml;
      expect(codeOf(() => parseXml(bytes))).toBe('qubes-xml-malformed');
    });
  }

  it('is taken with a byte order mark, a declaration, comments, CDATA, and references', () => {
    const xml =
      '\ufeff<?xml version="1.0" encoding="UTF-8"?><!-- x --><a b="&lt;&#65;">1<![CDATA[<c>&amp;]]>&amp;<?pi x?>2</a>';
    expect(parseXml(utf8(xml))).toMatchObject({ name: 'a', attributes: { b: '<A' }, text: '1<c>&amp;&2' });
    expect(parseXml(utf8(nested(64)))).toMatchObject({ name: 'a' });
  });

  it('includes nothing: an XInclude is an element like any other', () => {
    const xml =
      '<qubes><xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/passwd" parse="text"/></qubes>';
    expect(parseXml(utf8(xml)).children).toMatchObject([{ name: 'xi:include', children: [], text: '' }]);
  });

  it('says in few words what is wrong with it, however long its names are', () => {
    const name = 'x'.repeat(100_000);
    for (const xml of [`<${name}></y>`, `<a ${name}="" ${name}=""/>`, `<a>&${name};</a>`]) {
      const error = catching(() => parseXml(utf8(xml)));
      expect(JSON.stringify((error as RecoveryError).problem).length).toBeLessThan(400);
    }
  });

  it('is bounded in time, however it is blown up', () => {
    const mebibytes = 2;
    const filled = (piece: string) => piece.repeat((mebibytes * 2 ** 20) / piece.length);
    const blown = {
      elements: `<a>${filled('<b/>')}</a>`,
      attributes: `<a ${Array.from({ length: 150_000 }, (_, i) => `a${i}=""`).join(' ')}/>`,
      text: `<a>${filled('x')}</a>`,
      references: `<a>${filled('&amp;')}</a>`,
      blanks: `<a>${filled(' ')}x${filled(' ')}</a>`,
      path: `<q><domains><domain><features><feature name="backup-content">1</feature><feature name="backup-path">${filled('/')}x</feature></features></domain></domains></q>`,
    };
    for (const [kind, xml] of Object.entries(blown)) {
      const begin = performance.now();
      codeOf(() => parseQubesXml(utf8(xml)));
      expect(performance.now() - begin, kind).toBeLessThan(10_000);
    }
  });

  it('is a tree or a problem, whatever text it has', () => {
    const fragment = fc.constantFrom(
      '<qubes>',
      '</qubes>',
      '<domains>',
      '</domains>',
      '<domain class="AppVM">',
      '</domain>',
      '<a b="c"/>',
      '<!--',
      '-->',
      '<![CDATA[',
      ']]>',
      '&amp;',
      '&x;',
      '<?xml?>',
      '<!DOCTYPE a>',
      'text',
      '"',
      '\0',
      '\ud800',
      '<properties>',
      '</properties>',
      '<property name="__proto__">',
      '</property>',
      '<QubesAppVm name="x"/>',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fragment, { maxLength: 30 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(fc.oneof(text.map(utf8), fc.uint8Array({ maxLength: 300 })), (bytes) => {
        expect(['fine', 'qubes-xml-malformed']).toContain(codeOf(() => parseQubesXml(bytes)));
      }),
      { numRuns: 1000 },
    );
  });
});

/** Stored files by these member names, of one byte each. */
async function stored(...names: readonly string[]): Promise<StoredFiles> {
  return groupStoredFiles(await indexContainer(memorySource(container(...names, archiveEnd))), 4);
}

/** A container of members by these names, of one byte each, with other bytes between or behind them. */
function container(...parts: readonly (string | Uint8Array)[]): Buffer {
  const blocks = parts.flatMap((part) =>
    typeof part === 'string' ? [paxHeader([['path', part]]), member({}, 'x')] : [part],
  );
  return Buffer.concat(blocks);
}

const entry = (name: string, backupPath: string | null, more: Partial<ListedQube> = {}): ListedQube => ({
  name,
  class: 'AppVM',
  label: 'red',
  template: null,
  netvm: null,
  backupPath,
  volumes: [],
  ...more,
});

describe('the catalog', () => {
  it('gives each qube the files of its own folder', async () => {
    const files = await stored(
      'vm1/private.img.000.enc',
      'vm10/private.img.000.enc',
      'vm100/empty.000.enc',
      'dom0-home/user.000.enc',
    );
    const { qubes, problems } = catalogQubes(
      [
        entry('hundred', 'vm100'),
        entry('one', 'vm1'),
        entry('ten', 'vm10'),
        entry('dom0', 'dom0-home/user'),
        entry('gone', null),
      ],
      files,
    );
    expect(qubes.map(({ qube, files: own }) => [qube.name, ...own.keys()])).toEqual([
      ['hundred', 'empty'],
      ['one', 'private.img'],
      ['ten', 'private.img'],
      ['dom0', 'user'],
      ['gone'],
    ]);
    expect(problems).toEqual([]);
    expect(qubes.map(({ qube }) => qube.included)).toEqual([true, true, true, true, false]);
  });

  it('lacks nothing of a template that is stored as one archive of its folder', async () => {
    const volumes = [{ name: 'root', size: null, saveOnStop: true }];
    const xml = entry('fedora', 'vm2', { class: 'TemplateVM', volumes });
    const problemsWith = async (...members: string[]) =>
      catalogQubes([xml], await stored(...members)).qubes.flatMap(({ qube }) => qube.problems);
    expect(await problemsWith('vm2/..000.enc')).toEqual([]);
    expect(await problemsWith('vm2/root.img.000.enc')).toEqual([]);
    expect(await problemsWith('vm2/private.img.000.enc')).toEqual([
      { code: 'volume-missing', params: { qube: 'fedora', volume: 'root' } },
    ]);
  });

  it('says what the backup lacks of a qube', async () => {
    const volumes = [
      { name: 'private', size: 5, saveOnStop: true },
      { name: 'root', size: 5, saveOnStop: true },
      { name: 'volatile', size: 5, saveOnStop: false },
    ];
    const files = await stored('vm1/private.img.000.enc', 'vm1/private.img.002.enc', 'vm2/empty.000.enc');
    const { qubes } = catalogQubes(
      [
        entry('one', 'vm1', { volumes }),
        entry('two', 'vm2', { volumes }),
        entry('three', 'vm3', { volumes }),
      ],
      files,
    );
    expect(qubes.map(({ qube }) => qube.problems)).toEqual([
      [
        { code: 'volume-missing', params: { qube: 'one', volume: 'root' } },
        { code: 'chunk-missing', params: { file: 'one/private.img', chunk: 1 } },
      ],
      [],
      [{ code: 'qube-has-no-files', params: { qube: 'three' } }],
    ]);
    expect(qubes[0]?.qube.files).toEqual([
      { name: 'private.img', chunks: 1, storedBytes: 2, virtualSize: 5 },
    ]);
    // A restore tells of a file's own damage with the file.
    expect(planRestore(qubes, ['one']).problems.map(({ code }) => code)).toEqual(['volume-missing']);
  });

  it('tells what is lost behind the end of a backup from what is lost otherwise, never backed up, or empty', async () => {
    const list = [
      entry('here', 'vm1'),
      entry('without-data', 'vm2'),
      entry('lost', 'vm3'),
      entry('never-there', null),
    ];
    const present = ['vm1/private.img.000.enc', 'vm2/empty.000.enc'] as const;
    const nonsense = Buffer.alloc(1024, 'x');
    const lossIn = async (backup: Buffer) => {
      const files = groupStoredFiles(await indexContainer(memorySource(backup)), 4);
      const { qubes } = catalogQubes(list, files);
      expect(qubes.filter(({ qube }) => qube.lost !== null).map(({ qube }) => qube.name)).toEqual(['lost']);
      expect(qubes[2]?.qube.problems.map(({ code }) => code)).toEqual([
        qubes[2]?.qube.lost === 'cut-off' ? 'qube-cut-off' : 'qube-has-no-files',
      ]);
      return qubes[2]?.qube.lost;
    };
    const next = container('vm3/private.img.000.enc');
    expect(await lossIn(container(...present, archiveEnd))).toBe('missing');
    expect(await lossIn(container(...present))).toBe('cut-off');
    expect(await lossIn(Buffer.concat([container(...present), next.subarray(0, next.length - 600)]))).toBe(
      'cut-off',
    );
    // Where the file is damaged before its end, the qube may have been there.
    expect(await lossIn(container(present[0], nonsense, present[1]))).toBe('missing');
    expect(await lossIn(container(...present, nonsense))).toBe('missing');
  });

  it('hides no file: what no qube claims is offered and told', async () => {
    const files = await stored(
      'vm1/private.img.000.enc',
      'vm9/private.img.000.enc',
      'stray.000.enc',
      'stranger.txt',
      'qubes.xml.000.enc',
    );
    const { qubes, problems } = catalogQubes(
      [entry('one', 'vm1'), entry('root', ''), entry('up', '..')],
      files,
    );
    expect(qubes.map(({ qube, files: own }) => [qube.name, ...own.keys()])).toEqual([
      ['one', 'private.img'],
      ['root'],
      ['up'],
      [unlistedName, 'vm9/private.img', 'stray'],
    ]);
    expect(problems.map(({ params }) => params)).toEqual([
      { name: 'vm9/private.img' },
      { name: 'stray' },
      { name: 'stranger.txt' },
    ]);
  });

  it('gives every file away once, when two qubes claim one folder or one lies in the other', async () => {
    const files = await stored('vm1/private.img.000.enc', 'vm1/sub/private.img.000.enc', 'vm1.000.enc');
    const claims = [
      [entry('a', 'vm1'), entry('b', 'vm1'), entry('c', 'vm1/sub')],
      [entry('c', 'vm1/sub'), entry('b', 'vm1')],
    ];
    for (const list of claims) {
      const { qubes } = catalogQubes(list, files);
      const given = qubes.flatMap(({ files: own }) => [...own.values()].map(({ path }) => path));
      expect(given.toSorted()).toEqual(['vm1', 'vm1/private.img', 'vm1/sub/private.img']);
    }
  });

  it('without a list makes a qube of every folder', async () => {
    const { qubes } = catalogFolders(
      await stored(
        'vm1/private.img.000.enc',
        'vm10/root.img.000.enc',
        'dom0-home/user.000.enc',
        'qubes.xml.000.enc',
      ),
    );
    expect(qubes.map(({ qube, files }) => [qube.name, qube.class, qube.included, ...files.keys()])).toEqual([
      ['vm1', '', true, 'private.img'],
      ['vm10', '', true, 'root.img'],
      ['dom0', 'AdminVM', true, 'user'],
    ]);
  });

  it('crosses every wire: it holds plain values only', async () => {
    const xml =
      '<x><constructor name="a" backup_content="True" backup_path="vm1"/><QubesAppVm name="b"/></x>';
    const { qubes } = catalogQubes(parseQubesXml(utf8(xml)), await stored('vm1/a.000.enc'));
    for (const { qube } of qubes) {
      expect(structuredClone(qube)).toEqual(qube);
      expect(qubeSchema.safeParse(qube).success).toBe(true);
    }
  });
});

describe('the summary of a backup that is still locked', () => {
  const header = headerText(real4);
  const seal = ['backup-header.hmac', 'x'] as const;
  const list = ['qubes.xml.000.enc', 'x'] as const;
  const files = [
    ['vm1/private.img.000.enc', 'x'],
    ['vm1/private.img.001.enc', 'x'],
  ] as const;
  const summaryOf = async (
    members: readonly (readonly [name: string, content: string])[],
    end: Uint8Array = archiveEnd,
  ) => {
    const parts = members.flatMap(([name, content]) => [
      paxHeader([['path', name]]),
      member({ size: content.length }, content),
    ]);
    const locked = await openBackupFrom(memorySource(Buffer.concat([...parts, end])), '/backup');
    return locked.summary;
  };
  const whole = [['backup-header', header], seal, list, ...files] as const;

  it('is complete where no part is seen to be missing', async () => {
    expect(await summaryOf(whole)).toMatchObject({
      encrypted: true,
      compression: 'gzip',
      fileCount: 2,
      cutOff: false,
      complete: true,
      problems: [],
    });
  });

  it.each<[string, readonly (readonly [string, string])[], string]>([
    ['seal', whole.filter((part) => part !== seal), 'header-seal-missing'],
    ['list of qubes', whole.filter((part) => part !== list), 'qubes-xml-missing'],
    ['first chunk', whole.filter((part) => part !== files[0]), 'chunk-missing'],
    ['header', whole.slice(1), 'header-missing'],
  ])('is not complete without its %s, and says so', async (_what, members, code) => {
    const { complete, cutOff, problems } = await summaryOf(members);
    expect([complete, cutOff, problems.map((each) => each.code)]).toEqual([false, false, [code]]);
  });

  it('says that the file ends too early, and claims nothing of the end of a damaged one', async () => {
    expect(await summaryOf(whole, Buffer.alloc(0))).toMatchObject({ cutOff: true, complete: false });
    expect(await summaryOf(whole, Buffer.alloc(1024, 'x'))).toMatchObject({ cutOff: null, complete: false });
  });

  it('makes up nothing of a backup whose header cannot be read', async () => {
    const old = [
      ['backup-header', 'version=4\nnonsense\n'],
      ['backup-header.hmac', 'x'],
      ['qubes.xml.000', 'x'],
      ['qubes.xml.000.hmac', 'x'],
      ['appvms/work/private.img.000', 'x'],
      ['appvms/work/private.img.000.hmac', 'x'],
    ] as const;
    for (const members of [[['backup-header', 'nonsense'], seal, list, files[0]] as const, old])
      expect(await summaryOf(members)).toMatchObject({
        version: null,
        encrypted: null,
        compression: null,
        fileCount: 2,
        complete: false,
      });
  });

  it('names a few of thousands of gaps', async () => {
    const gaps = Array.from({ length: 1000 }, (_, i) => [`vm1${i}/private.img.001.enc`, 'x'] as const);
    const { problems } = await summaryOf([...whole, ...gaps]);
    expect(problems.map(({ code }) => code)).toEqual(Array(20).fill('chunk-missing'));
  });
});

describe('the plan of a restore', () => {
  it('gives every qube a folder of its own, whatever their names', async () => {
    const names = [
      'work',
      'Work',
      'work',
      '../x',
      '..',
      '.',
      '',
      'CON',
      'con.txt',
      'a.',
      'a',
      'a/b',
      'x'.repeat(300),
      'x'.repeat(301),
      'ä',
      'a\u0308',
      '\0',
      'SHA256SUMS',
      'sha256sums.partial',
      'qubes.xml',
      'lifeboat-report.json',
      'lifeboat-report.json.partial',
      'LIFEBOAT-journal.jsonl',
    ];
    const files = await stored(...names.map((_, i) => `vm${i}/private.img.000.enc`));
    const { qubes } = catalogQubes(
      names.map((name, i) => entry(name, `vm${i}`)),
      files,
    );
    const plan = planRestore(qubes, null);
    expect(plan.files).toHaveLength(names.length);
    const folders = plan.files.map(({ output }) => output[0] ?? '');
    const comparable = folders.map((folder) => folder.normalize('NFC').toLowerCase());
    expect(new Set(comparable).size).toBe(names.length);
    // Beside them stands the account of the restore.
    for (const own of ['qubes.xml', 'SHA256SUMS', 'lifeboat-report.json', 'lifeboat-journal.jsonl']) {
      expect(comparable).not.toContain(own.toLowerCase());
      expect(comparable).not.toContain(`${own.toLowerCase()}.partial`);
    }
    for (const folder of folders) {
      expect(folder).not.toMatch(/[/\\\0]|^\.{1,2}$|^con(\.|$)|[. ]$/i);
      expect(Buffer.byteLength(`${folder}.partial`)).toBeLessThanOrEqual(255);
    }
  });

  it('gives no file the name under which another one grows', async () => {
    const files = await stored(
      'vm1/a.000.enc',
      'vm1/a.partial.000.enc',
      'vm1/A.PARTIAL.000.enc',
      'vm2/..000.enc',
      'vm3/b.000.enc',
    );
    const { qubes } = catalogQubes(
      [entry('one', 'vm1'), entry('t', 'vm2'), entry('t.partial', 'vm3')],
      files,
    );
    const outputs = planRestore(qubes, null).files.map(({ output }) => output.join('/').toLowerCase());
    expect(new Set(outputs).size).toBe(outputs.length);
    const growing = outputs.map((output) => `${output}.partial`);
    for (const output of outputs) {
      for (const name of growing) expect(output === name || output.startsWith(`${name}/`)).toBe(false);
    }
  });

  it('is made of hundreds of thousands of files and thousands of qubes, each looked at once', async () => {
    const files = await stored('vm1/a.000.enc');
    const [chunk] = files.files.get('vm1/a')?.chunks ?? [];
    if (!chunk) throw new Error('no chunk');
    const paths = Array.from({ length: 200_000 }, (_, i) => `vm${i % 20_000}/file-${i}`);
    const many = new Map(
      paths.map((path) => [
        path,
        { path, chunks: [chunk], firstMissing: null, behindGap: [], storedBytes: 1 },
      ]),
    );
    const listed = Array.from({ length: 10_000 }, (_, i) => entry(`q${i}`, `vm${i}`));
    const { qubes, problems } = catalogQubes(listed, { files: many, unexplained: [], cutOff: false });
    expect(qubes.slice(0, 10_000).every((each) => each.files.size === 10)).toBe(true);
    expect(qubes.at(-1)?.files.size).toBe(100_000);
    expect(problems.length).toBe(1000);
    expect(planRestore(qubes, null).files.length).toBe(200_000);
    // Each file compared with each qube takes minutes.
  }, 30_000);

  it('gives a file to the first qube of the list whose folder it stands in, however deep', async () => {
    const files = await stored('a/b/c.000.enc', 'a/d.000.enc', 'a.000.enc', 'ab/e.000.enc');
    const { qubes } = catalogQubes([entry('inner', 'a/b'), entry('outer', 'a'), entry('again', 'a')], files);
    expect(qubes.map(({ qube, files: own }) => [qube.name, [...own.keys()]])).toEqual([
      ['inner', ['c']],
      ['outer', ['d', 'a']],
      ['again', []],
      [unlistedName, ['ab/e']],
    ]);
  });

  it('does not depend on what was chosen', async () => {
    const files = await stored('vm1/a.000.enc', 'vm2/a.000.enc', 'vm3/a.000.enc');
    const { qubes } = catalogQubes([entry('x', 'vm1'), entry('X', 'vm2'), entry('y', 'vm3')], files);
    const all = planRestore(qubes, null).files.map(({ qube, output }) => [qube, output]);
    expect(planRestore(qubes, ['X']).files.map(({ qube, output }) => [qube, output])).toEqual([all[1]]);
    expect(all).toEqual([
      ['x', ['x', 'a']],
      ['X', ['X (2)', 'a']],
      ['y', ['y', 'a']],
    ]);
  });

  it('reads forward, and refuses what is unknown or not there', async () => {
    const files = await stored('vm2/a.000.enc', 'vm1/b.000.enc', 'vm2/c.000.enc');
    const { qubes } = catalogQubes([entry('one', 'vm1'), entry('two', 'vm2'), entry('listed', null)], files);
    expect(planRestore(qubes, null).files.map(({ stored: { path } }) => path)).toEqual([
      'vm2/a',
      'vm1/b',
      'vm2/c',
    ]);
    expect(codeOf(() => planRestore(qubes, ['nobody']))).toBe('qube-unknown');
    expect(codeOf(() => planRestore(qubes, ['listed']))).toBe('qube-not-included');
    expect(planRestore(qubes, []).files).toEqual([]);
  });
});

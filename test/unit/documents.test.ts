/** Promises of what can be saved of a restore, and of diagnostics: readable, complete, and hostile names stay text. */
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createActivityLog } from '../../main/backend/activity-log.ts';
import { diagnosticsText } from '../../main/backend/diagnostics.ts';
import { html, htmlPage } from '../../main/backend/documents/markup.ts';
import { qubesPage } from '../../main/backend/documents/qubes-page.ts';
import { reportData, reportPage, type EndedRestore } from '../../main/backend/documents/report-page.ts';
import { saveAt, saveInto } from '../../main/backend/documents/save-document.ts';
import { settingsOf } from '../../main/backend/qube-settings.ts';
import { parseFirewallXml } from '../../main/recovery/catalog/firewall-xml.ts';
import type { QubeReport } from '../../shared/backup.ts';
import { problem, RecoveryError } from '../../shared/problems.ts';
import { firewallRuleText } from '../../shared/words/firewall-words.ts';
import { filesBelow, scratchFolder } from '../support/lifeboat.ts';
import * as sample from '../support/wizard-sample.ts';

const attack = `<img src=x onerror="alert('1')">&\u202e`;

const restore: EndedRestore = {
  version: '1.2.3',
  backup: sample.summary,
  qubes: ['work', 'vault', 'mail'],
  lost: [{ name: 'dev', lost: 'cut-off' }],
  destination: '/home/user/From Qubes',
  report: {
    outcome: 'partial',
    qubes: [
      sample.reportOf('vault', 'restored'),
      sample.reportOf('work', 'partial', [{ code: 'chunk-damaged', params: { file: attack, chunk: 117 } }]),
    ],
    problems: [problem('backup-truncated', { size: 5e9, member: 'vm-mail/private.img.000.enc' })],
  },
  cancelled: true,
  finishedAt: Date.UTC(2026, 2, 15, 12, 0, 0),
};

const bytes = (text: string) => new TextEncoder().encode(text);

describe('a saved page', () => {
  it('takes text for text, whatever it looks like', () => {
    const page = htmlPage(
      'en',
      attack,
      html`<p>${attack}</p>
        ${[attack, 7, null]}`,
    );
    expect(page).not.toContain('<img');
    expect(page).toContain('<p>&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;\\u{202e}</p>');
  });

  it('is complete in itself, and may load and run nothing', () => {
    const page = reportPage(restore, 'en');
    expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
    expect(page).not.toMatch(/<(script|link|img|iframe)|url\(|@import/);
  });

  it('of a restore tells every outcome, sum and problem, and what was not finished', () => {
    const page = reportPage(restore, 'en');
    for (const text of [
      'Report of a restore: qubes-backup-2026-03-14T201503',
      'It was stopped before its end.',
      '/home/user/From Qubes',
      'vault: Restored',
      'vault/private.img',
      '3f1c0a9be2d75486f0c1b7a9e35d2846c7f01b9ad3e58246907fb1c2d3e4a5f6',
      'work: Incomplete',
      'Chunk 117 no longer matches its seal',
      'The backup file ends too early.',
      'mail: Not finished',
      'dev: Lost: the backup ends before it',
    ]) {
      expect(page).toContain(text);
    }
    expect(page).not.toContain('<img');
  });

  it('speaks the person’s language', () => {
    const page = reportPage(restore, 'de');
    expect(page).toContain('<html lang="de">');
    expect(page).toContain('vault: Wiederhergestellt');
  });

  it('of the qubes names all of the system, with the settings that were restored', () => {
    const page = qubesPage(restore, sample.qubes, new Map([['work', sample.settings]]), 'en');
    for (const { name } of sample.qubes) expect(page).toContain(`<td>${name}</td>`);
    expect(page).toContain('fedora-42-xfce');
    expect(page).toContain('Invoices live here.\nAsk the office before deleting anything.');
    expect(page).toContain('Allow protocol tcp, to mail.example.org, ports 993');
    expect(page).toContain('Block everything');
  });

  it('gives an empty file that was written its size, and one that was not none', () => {
    const file = (name: string, outcome: 'restored' | 'failed') => ({
      ...{ name, path: outcome === 'restored' ? `work/${name}` : null, bytes: 0, sha256: null },
      ...{ outcome, problems: [] },
    });
    const files = [file('empty', 'restored'), file('private.img', 'failed')];
    const report = { ...restore.report, qubes: [{ name: 'work', outcome: 'partial' as const, files }] };
    const [, empty, gone] = reportPage({ ...restore, report }, 'en').split(
      /(?=<code>(?:work.empty|private.img))/,
    );
    expect(empty).toMatch(/<td>0.bytes<\/td>/);
    expect(empty).not.toContain('nothing was written');
    expect(gone).toContain('nothing was written');
    expect(reportPage(restore, 'en')).toMatch(/Backup file cut off<\/th>\s*<td>no</);
  });

  it('names lost qubes with why, asked for or not, and never as qubes of the backup', () => {
    const lost = { code: 'qube-cut-off', params: { qube: 'dev' } } as const;
    const report = { ...restore.report, problems: [lost] };
    const asked = { ...report, qubes: [{ name: 'dev', outcome: 'failed' as const, files: [] }] };
    const page = reportPage({ ...restore, report: asked }, 'en');
    expect(page.split('<h2>').filter((part) => part.startsWith('dev'))).toEqual([
      expect.stringMatching(/^dev: Failed.*The backup file ends before the files of this qube\./s),
    ]);
    const row = qubesPage(restore, sample.cutInventory.qubes, new Map(), 'en').split('<td>dev</td>')[1];
    expect(row?.split('</tr>')[0]).toContain('<td>Lost: the backup ends before it</td>');
  });

  it('tells no network from the default one', () => {
    const qube = { ...sample.qubes[1], name: 'x' } as (typeof sample.qubes)[number];
    const row = (netvm: string | null) => qubesPage(restore, [{ ...qube, netvm }], new Map(), 'en');
    expect(row('')).toContain('<td>none</td>');
    expect(row(null)).toContain('<td>the system’s default</td>');
    expect(row('sys-net')).toContain('<td>sys-net</td>');
  });

  it('lets no label into its style', () => {
    const qube = { ...sample.qubes[1], label: 'red; } </style>' } as (typeof sample.qubes)[number];
    expect(qubesPage(restore, [qube], new Map(), 'en')).toContain('<td>red; } &lt;/style&gt;</td>');
  });
});

it('the report as data is the whole report, with when and where', () => {
  expect(JSON.parse(reportData(restore))).toEqual({
    lifeboat: '1.2.3',
    finished: '2026-03-15T12:00:00.000Z',
    destination: '/home/user/From Qubes',
    cancelled: true,
    backup: sample.summary,
    ...restore.report,
  });
});

describe('saving', () => {
  it('into a folder replaces nothing, and numbers its names', async () => {
    const folder = await scratchFolder();
    expect(await saveInto(folder, 'my-qubes.html', 'one')).toBe(join(folder, 'my-qubes.html'));
    expect(await saveInto(folder, 'my-qubes.html', 'two')).toBe(join(folder, 'my-qubes (2).html'));
    expect(await readFile(join(folder, 'my-qubes.html'), 'utf8')).toBe('one');
  });

  it('where the person said replaces what is there in one step, and leaves nothing else', async () => {
    const folder = await scratchFolder();
    await writeFile(join(folder, 'report.html'), 'old');
    await saveAt(join(folder, 'report.html'), 'new');
    expect(await readFile(join(folder, 'report.html'), 'utf8')).toBe('new');
    expect(await filesBelow(folder)).toEqual(['report.html']);
  });

  it('says why it did not work', async () => {
    const gone = join(await scratchFolder(), 'gone');
    const reason = new RecoveryError(problem('dest-missing', { path: join(gone, 'r') }));
    await expect(saveAt(join(gone, 'r'), '')).rejects.toEqual(reason);
    await expect(saveInto(gone, 'r', '')).rejects.toEqual(reason);
  });
});

describe('the settings of a restored qube', () => {
  const reportOf = (...names: string[]): QubeReport => ({
    name: 'work',
    outcome: 'restored',
    files: names.map((name) => ({
      name,
      path: `work/${name}`,
      bytes: 1,
      sha256: null,
      outcome: 'restored',
      problems: [],
    })),
  });
  const rules =
    '<firewall version="2"><rules><rule><properties><property name="action">drop</property></properties></rule></rules></firewall>';

  it('are read from what was restored', async () => {
    const folder = await scratchFolder();
    await mkdir(join(folder, 'work'));
    await writeFile(join(folder, 'work/notes.txt'), 'Two\nlines\n');
    await writeFile(join(folder, 'work/firewall.xml'), rules);
    expect(await settingsOf(folder, reportOf('notes.txt', 'firewall.xml'))).toEqual({
      notes: 'Two\nlines',
      firewall: [{ action: 'drop', conditions: [] }],
    });
    // A file that nobody restored is somebody else's.
    expect(await settingsOf(folder, reportOf('private.img'))).toEqual({ notes: null, firewall: null });
  });

  it('are left out where they are missing, too long, malformed, or a link', async () => {
    const folder = await scratchFolder();
    await mkdir(join(folder, 'work'));
    const report = reportOf('notes.txt', 'firewall.xml');
    const nothing = { notes: null, firewall: null };
    expect(await settingsOf(folder, report)).toEqual(nothing);
    await writeFile(join(folder, 'work/notes.txt'), 'x'.repeat(256 * 1024 + 1));
    await writeFile(join(folder, 'work/firewall.xml'), '<!DOCTYPE a><a/>');
    expect(await settingsOf(folder, report)).toEqual(nothing);
    const other = await scratchFolder();
    await mkdir(join(other, 'work'));
    await symlink('/etc/hostname', join(other, 'work/notes.txt'));
    expect(await settingsOf(other, report)).toEqual(nothing);
  });
});

describe('firewall rules', () => {
  it('of Qubes OS 3 are a policy with exceptions', () => {
    const rules = parseFirewallXml(
      bytes(
        '<QubesFirewallRules policy="deny" dns="True" icmp="False" yumProxy="False">' +
          '<rule address="192.0.2.0" netmask="24" proto="tcp" port="80" toport="90"/></QubesFirewallRules>',
      ),
    );
    expect(rules.map((rule) => firewallRuleText(rule, 'en'))).toEqual([
      'Allow protocol tcp, to 192.0.2.0/24, ports 80-90',
      'Allow service dns',
      'Block protocol icmp',
      'Block everything',
    ]);
  });

  it('are said with every condition, also one that is not known, and hide nothing', () => {
    const rule = { action: 'forward', conditions: [{ name: 'constructor', value: 'a\u202eb' }] };
    expect(firewallRuleText(rule, 'de')).toBe('forward constructor a\\u{202e}b');
  });
});

describe('diagnostics', () => {
  it('tell calls, times and problems, and nothing that is anybody’s', async () => {
    let clock = 0;
    const log = createActivityLog(() => clock);
    const secret = 'Liebesbriefe';
    const dispatch = log.watching(async (name) => {
      clock += 1234;
      return Promise.resolve(
        name === 'backup.open'
          ? { ok: false, problem: problem('source-unreadable', { path: `/home/${secret}`, reason: 'EIO' }) }
          : { ok: false, problem: problem('unexpected', { detail: secret }) },
      );
    });
    await dispatch('backup.open', { placeId: secret, alone: false });
    await dispatch('backup.unlock', { passphrase: secret });
    log.noteEnd(
      {
        ...restore.report,
        problems: [
          problem('source-lost', { reason: `no ${secret}/x` }),
          problem('chunk-damaged', { file: secret, chunk: 3 }),
        ],
      },
      true,
    );
    const text = diagnosticsText({
      host: { kind: 'browser', version: '1.2.3', locale: 'de' },
      engine: { kernel: 'wasm', v8: '15.6.1' },
      backups: [{ ...sample.summary, fileName: secret, compression: `${secret} -9` }],
      log,
    });
    expect(text).not.toContain(secret);
    expect(text).not.toContain('vm-');
    for (const line of [
      'Lifeboat 1.2.3, browser host, locale de',
      'Engine: running, V8 15.6.1, keys by wasm',
      'backup.open (1234 ms): source-unreadable (reason EIO)',
      'backup.unlock (1234 ms): unexpected',
      'restore ended: partial, cancelled, 2 qubes',
      'source-lost\n',
      'chunk-damaged (chunk 3)',
    ]) {
      expect(text).toContain(line);
    }
  });

  it('stay short, however long the wizard runs', async () => {
    const log = createActivityLog();
    const dispatch = log.watching(() => Promise.resolve({ ok: true, value: null }));
    for (let call = 0; call < 1000; call++) await dispatch(`call.${call}`, undefined);
    expect(log.lines()).toHaveLength(400);
    expect(log.lines().at(-1)).toContain('call.999');
  });
});

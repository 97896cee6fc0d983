/**
 * Headers as tools, hands and forgers write them, one row each, with what must come of them. Every header of format 4 is sealed
 * by the real scrypt; where the reference implementation of Qubes is stricter, the row says so.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { memorySource } from '../../main/recovery/bytes/source.ts';
import { parseHmacFile } from '../../main/recovery/encryption/hmac-file.ts';
import { RecoveryError } from '../../shared/problems.ts';
import { fixturePassphrase } from '../fixtures/variants.ts';
import { dropMember } from '../support/container-surgery.ts';
import { codesIn, scratchFolder } from '../support/lifeboat.ts';
import { oracle } from '../support/oracles.ts';
import { restoreInProcess } from '../support/restore-in-process.ts';
import { run } from '../support/tools.ts';
import { archiveEnd, member } from '../vectors/hand-made-tar.ts';

const real = [
  'version=4',
  'encrypted=True',
  'compressed=True',
  'compression-filter=gzip',
  'hmac-algorithm=scrypt',
  'backup-id=20240229T123456-4321',
];
const text = (lines: readonly string[], end = '\n') => lines.map((line) => line + end).join('');
const without = (key: string) => real.filter((line) => !line.startsWith(`${key}=`));
const withLine = (line: string) => {
  const [key = ''] = line.split('=', 1);
  return real.map((each) => (each.startsWith(`${key}=`) ? line : each));
};

/** What a header leads to: `ok`, a warning's code beside a whole restore, or the code that it is refused with. */
type Row = readonly [what: string, header: string, expected: string];

const rows: readonly Row[] = [
  ['as Qubes writes it', text(real), 'ok'],
  ['with an unknown key', text([...real, 'further=1']), 'ok'],
  ['with an unknown key whose value has a blank', text([...real, 'further=a b']), 'ok'],
  ['with an unknown key twice', text([...real, 'further=1', 'further=2']), 'ok'],
  ['with a known key twice', text([...real, 'compressed=True']), 'header-malformed'],
  ['with its version twice', text([...real, 'version=4']), 'header-malformed'],
  ['with a line that has no equals sign', text([...real, 'further']), 'header-malformed'],
  ['with a value that has an equals sign, which Qubes refuses', text([...real, 'further=a=b']), 'ok'],
  ['with an empty line, which Qubes refuses', text([...real.slice(0, 3), '', ...real.slice(3)]), 'ok'],
  ['with a character beyond ASCII', text([...real, 'further=ü']), 'header-malformed'],
  ['whose filter has an argument, which Qubes refuses', text(withLine('compression-filter=gzip -3')), 'ok'],
  ['that names another program', text(withLine('compression-filter=less')), 'compression-differs'],
  ['with an empty filter', text(withLine('compression-filter=')), 'header-malformed'],
  ['without its filter', text(without('compression-filter')), 'header-malformed'],
  ['that says nothing is compressed', text(withLine('compressed=False')), 'compression-differs'],
  ['that says compressed=yes', text(withLine('compressed=yes')), 'ok'],
  ['that says compressed=1', text(withLine('compressed=1')), 'ok'],
  ['that says compressed=maybe', text(withLine('compressed=maybe')), 'compression-differs'],
  ['that does not say whether it is compressed', text(without('compressed')), 'header-malformed'],
  ['that says encrypted=False, which format 4 ignores', text(withLine('encrypted=False')), 'ok'],
  ['that does not say whether it is encrypted', text(without('encrypted')), 'header-malformed'],
  ['without its hmac-algorithm', text(without('hmac-algorithm')), 'header-malformed'],
  ['that spells SCRYPT', text(withLine('hmac-algorithm=SCRYPT')), 'ok'],
  ['that names a digest, which format 4 does not use', text(withLine('hmac-algorithm=sha512')), 'ok'],
  ['that names a cipher, which format 4 does not use', text([...real, 'crypto-algorithm=aes-256-cbc']), 'ok'],
  ['of version 5', text(withLine('version=5')), 'version-unsupported'],
  ['of version 0', text(withLine('version=0')), 'version-unsupported'],
  ['of version 04', text(withLine('version=04')), 'ok'],
  ['of version x', text(withLine('version=x')), 'version-unsupported'],
  ['whose version comes last', text([...without('version'), 'version=4']), 'ok'],
  ['without its backup-id', text(without('backup-id')), 'header-malformed'],
  ['with an empty backup-id', text(withLine('backup-id=')), 'header-malformed'],
  ['whose backup-id begins with a dash', text(withLine('backup-id=-1')), 'header-malformed'],
  ['whose backup-id has a !', text(withLine('backup-id=a!b')), 'header-malformed'],
  ['whose backup-id has a /', text(withLine('backup-id=a/b')), 'header-malformed'],
  ['with lines that end in CR LF', text(real, '\r\n'), 'ok'],
  ['without a newline at its end', text(real).trimEnd(), 'ok'],
  ['with blanks around its lines', text(real.map((line) => ` \t${line}  `)), 'ok'],
  [
    'with a blank before an equals sign',
    text(withLine('version =4')).replace('version=4\n', 'version =4\n'),
    'header-malformed',
  ],
  ['that is empty', '', 'header-malformed'],
  [
    'that is too long',
    text([...real, `further=${'x'.repeat(5000)}`]),
    'header-malformed|header-seal-damaged',
  ],
];

async function sealed(header: Buffer): Promise<Buffer> {
  const path = join(await scratchFolder(), 'backup-header');
  await writeFile(path, header);
  const cost = ['--logN', '10', '-r', '8', '-p', '1', '--passphrase', 'dev:stdin-once'];
  return run('scrypt', ['enc', ...cost, path], { input: `backup-header!${fixturePassphrase}\n` });
}

oracle('scrypt').describe('a backup with a header', () => {
  for (const [what, header, expected] of rows) {
    oracle('scrypt').test(`${what}: ${expected}`, async () => {
      const fixture: Buffer = await readFile(join(import.meta.dirname, '../fixtures/v4-gzip.backup'));
      const rest = ['backup-header', 'backup-header.hmac'].reduce(
        (bytes, name) => dropMember(name)(bytes),
        fixture,
      );
      const bytes = Buffer.from(header, 'utf8');
      const members = [
        member({ name: 'backup-header' }, bytes),
        archiveEnd,
        member({ name: 'backup-header.hmac' }, await sealed(bytes)),
        archiveEnd,
      ];
      const restoring = restoreInProcess(memorySource(Buffer.concat([...members, rest])), {
        passphrase: fixturePassphrase,
        destination: null,
      });
      const found = await restoring.then(
        (report) => {
          expect(report.outcome).toBe('verified');
          return codesIn(report).find((code) => code.startsWith('compression-')) ?? 'ok';
        },
        (error: unknown) => (error instanceof RecoveryError ? error.problem.code : error),
      );
      expect(expected.split('|')).toContain(found);
    });
  }
});

describe('the text beside a chunk of format 3', () => {
  const digits = 'ab'.repeat(64);
  test('is read as Qubes reads it, whatever else is said', () => {
    const mac = Buffer.from(digits, 'hex');
    for (const line of [
      `(stdin)= ${digits}\n`,
      `HMAC-SHA512(stdin)= ${digits}\n`,
      `SHA2-512(stdin)= ${digits}`,
      `(stdin)= ${digits}\r\n`,
      `(stdin)= ${digits} = more\n`,
    ])
      expect(parseHmacFile(Buffer.from(line)), line).toEqual(mac);
    for (const line of [digits, `(stdin)= ${digits}g`, `(stdin)= ${digits} more`, '(stdin)= ', ''])
      expect(parseHmacFile(Buffer.from(line)), line).toBeUndefined();
  });
});

/** The settings of a restored qube that lie beside its images as small files: its notes and its firewall rules. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { QubeReport, QubeSettings } from '../../shared/backup.ts';
import { longestFirewallXml, parseFirewallXml } from '../recovery/catalog/firewall-xml.ts';

/** Qubes OS takes notes of 256 kB. */
const longestNotes = 256 * 1024;

/** What was restored of a qube's settings below `destination`; whatever cannot be read is left out. */
export async function settingsOf(destination: string, report: QubeReport): Promise<QubeSettings> {
  const restored = (name: string, limit: number) => {
    const path = report.files.find((file) => file.name === name && file.outcome === 'restored')?.path ?? null;
    return path === null ? null : readSmall(join(destination, ...path.split('/')), limit);
  };
  const [notes, firewall] = await Promise.all([
    restored('notes.txt', longestNotes),
    restored('firewall.xml', longestFirewallXml),
  ]);
  return { notes: notes && textOf(notes), firewall: firewall && rulesOf(firewall) };
}

/** Windows has no such flag, nor links that a restore would leave. */
const followNoLink = 'O_NOFOLLOW' in constants ? constants.O_NOFOLLOW : 0;

/** A regular file of at most `limit` bytes, through no link; null for anything else. */
async function readSmall(path: string, limit: number): Promise<Uint8Array | null> {
  try {
    await using handle = await open(path, constants.O_RDONLY | followNoLink);
    const found = await handle.stat();
    return found.isFile() && found.size <= limit ? await handle.readFile() : null;
  } catch {
    return null;
  }
}

function textOf(bytes: Uint8Array): string | null {
  const text = new TextDecoder().decode(bytes).trim();
  return text === '' ? null : text;
}

function rulesOf(bytes: Uint8Array): QubeSettings['firewall'] {
  try {
    return [...parseFirewallXml(bytes)];
  } catch {
    return null;
  }
}

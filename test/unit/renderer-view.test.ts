/** Promises of what is shown: the list in order, hints that are right, and a voice that does not nag. */
import { describe, expect, it } from 'vitest';
import { nextSpoken, percentOf, type Spoken } from '../../renderer/state/announcements.ts';
import { hintsFor } from '../../renderer/state/passphrase-hints.ts';
import { arrange, obstacleOf, totalOf, wantedOf, type QubeOrder } from '../../renderer/state/qubes.ts';
import { outcomeOf } from '../../main/recovery/restore/verdict.ts';
import { labelColourOf } from '../../shared/words/label-words.ts';
import {
  isLossElsewhere,
  tallyOf,
  resumptionOf,
  unreportedOf,
  verdictOf,
  worstFirst,
} from '../../renderer/state/results.ts';
import { stopOf } from '../../renderer/state/stop.ts';
import type { WizardState } from '../../renderer/state/wizard.ts';
import type { QubeReport } from '../../shared/backup.ts';
import type { Problem } from '../../shared/problems.ts';
import {
  cutInventory,
  inventory,
  longInventory,
  progress,
  qubes,
  reportOf,
} from '../support/wizard-sample.ts';

const byName: QubeOrder = { column: 'name', descending: false };
const names = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name);

describe('the list of qubes', () => {
  it('is sorted by name, with what cannot be restored at the end', () => {
    const shown = names(arrange(qubes, '', byName, 'en'));
    expect(shown.slice(0, 3)).toEqual(['banking', 'dev', 'dom0']);
    expect(shown.slice(-5)).toEqual([
      'debian-13-xfce',
      'fedora-42-xfce',
      'sys-firewall',
      'sys-net',
      'sys-usb',
    ]);
  });

  it('keeps what cannot be restored at the end in descending order too', () => {
    const shown = names(arrange(qubes, '', { column: 'size', descending: true }, 'en'));
    expect(shown.slice(0, 2)).toEqual(['work', 'personal']);
    expect(shown.at(-1)).toBe('sys-usb');
  });

  it('counts numbers in names as numbers', () => {
    const shown = names(arrange(longInventory.qubes, '', byName, 'en'));
    expect(shown.indexOf('client-2')).toBeLessThan(shown.indexOf('client-10'));
  });

  it.each([
    ['WORK', ['work']],
    [' vault ', ['vault']],
    ['standalone', ['win10']],
    ['purple', ['dev']],
    ['debian', ['banking', 'dev', 'mail', 'debian-13-xfce']],
    ['nothing like it', []],
  ])('finds %j', (search, found) => expect(names(arrange(qubes, search, byName, 'en'))).toEqual(found));

  it('adds up what is chosen', () => {
    expect(totalOf(qubes, new Set(['work', 'personal', 'vault']))).toEqual({ count: 3, bytes: 46.5e9 });
  });

  it('says why a qube cannot be chosen', () => {
    const [dom0] = inventory.qubes;
    expect(dom0 && obstacleOf(dom0)).toBeNull();
    expect(dom0 && obstacleOf({ ...dom0, included: false })).toBe('not-included');
    expect(dom0 && obstacleOf({ ...dom0, files: [], lost: 'cut-off' })).toBe('cut-off');
  });

  it('shows what is lost behind what can be restored, and before what was never backed up', () => {
    expect(names(arrange(cutInventory.qubes, '', byName, 'en')).slice(-7)).toEqual([
      'dev',
      'mail',
      'debian-13-xfce',
      'fedora-42-xfce',
      'sys-firewall',
      'sys-net',
      'sys-usb',
    ]);
  });

  it('asks for lost qubes together with all that can be restored, and for nothing else unasked', () => {
    const all = cutInventory.qubes.filter((qube) => obstacleOf(qube) === null).map(({ name }) => name);
    expect(wantedOf(cutInventory, new Set(all))).toEqual([...all, 'mail', 'dev']);
    expect(wantedOf(cutInventory, new Set(all.slice(1)))).toEqual(all.slice(1));
    expect(wantedOf(inventory, new Set(['work']))).toEqual(['work']);
  });

  it('knows the eight colours of labels and no other', () => {
    expect(labelColourOf('purple')).toBe('purple');
    expect(labelColourOf('constructor')).toBeNull();
  });
});

describe('hints about a passphrase', () => {
  it.each([
    ['plain', false, false, false],
    [' start', true, false, false],
    ['end\t', false, true, false],
    ['Grüße', false, false, true],
    ['no-break\u00a0', false, true, true],
    ['', false, false, false],
  ])('look at %j', (text, spaceAtStart, spaceAtEnd, beyondAscii) => {
    expect(hintsFor(text)).toEqual({ spaceAtStart, spaceAtEnd, beyondAscii });
  });
});

describe('the voice of a running restore', () => {
  const spoken: Spoken = { stage: 'restoring', paused: false, percent: 40, at: 0 };
  const at = (percent: number) => ({ ...progress, doneBytes: percent, totalBytes: 100 });

  it('speaks at the start', () => expect(nextSpoken(null, at(0), 0)).not.toBeNull());
  it('speaks at another stage at once', () =>
    expect(nextSpoken(spoken, { ...at(41), stage: 'finishing' }, 1)).not.toBeNull());
  it('speaks of a pause at once', () =>
    expect(nextSpoken(spoken, { ...at(41), paused: true }, 1)).not.toBeNull());
  it('is silent below ten per cent more', () => expect(nextSpoken(spoken, at(49), 60_000)).toBeNull());
  it('is silent within thirty seconds', () => expect(nextSpoken(spoken, at(80), 29_999)).toBeNull());
  it('speaks after both', () => expect(nextSpoken(spoken, at(50), 30_000)).toMatchObject({ percent: 50 }));

  it('never counts beyond a hundred, nor divides by nothing', () => {
    expect(percentOf({ doneBytes: 101, totalBytes: 100 })).toBe(100);
    expect(percentOf({ doneBytes: 0, totalBytes: 0 })).toBe(0);
  });
});

describe('the verdict', () => {
  const choices = {
    qubes: new Set(['work', 'vault']),
    mode: 'restore' as const,
    folder: null,
    memory: null,
    acceptPartial: false,
    allowSlow: false,
  };
  const ended = (reports: readonly QubeReport[], problems: Problem[] = []) => ({
    choices,
    report: { outcome: outcomeOf(reports, problems, 'restore'), qubes: [...reports], problems },
  });
  const lost: Problem = { code: 'source-lost', params: { reason: 'EIO' } };

  it('is "all" only when every qube that was asked for is complete', () => {
    expect(verdictOf(ended([reportOf('work', 'restored'), reportOf('vault', 'restored')]))).toBe('all');
    expect(verdictOf(ended([reportOf('work', 'restored')]))).toBe('some');
    expect(verdictOf(ended([reportOf('work', 'restored'), reportOf('vault', 'partial')]))).toBe('some');
    expect(verdictOf(ended([reportOf('work', 'restored'), reportOf('vault', 'failed')]))).toBe('some');
  });

  it('of a restore that was stopped counts what came out, and calls nothing of the rest failed', () => {
    const early = ended([reportOf('work', 'unfinished'), reportOf('vault', 'unfinished')]);
    expect([early.report.outcome, verdictOf(early)]).toEqual(['unfinished', 'nothing']);
    const late = ended([reportOf('work', 'restored'), reportOf('vault', 'unfinished')]);
    expect([late.report.outcome, verdictOf(late)]).toEqual(['unfinished', 'some']);
    expect(tallyOf(late.report)).toMatchObject({ restored: 1, unfinished: 1, failed: 0 });
  });

  it('of a restore to be stopped tells what would be kept and what thrown away', () => {
    const stop = (doneBytes: number, finished: readonly QubeReport[]) =>
      stopOf({ step: 'progress', finished, progress: { ...progress, doneBytes } } as unknown as WizardState);
    expect(stop(6.4e9, [])).toEqual({ finished: 0, keptBytes: 0, discardedBytes: 6.4e9 });
    expect(stop(20e9, [reportOf('personal', 'restored'), reportOf('vault', 'failed')])).toEqual({
      finished: 1,
      keptBytes: 20e9 - 6.4e9,
      discardedBytes: 6.4e9,
    });
  });

  it('is not "all" when something went wrong with the whole', () => {
    expect(verdictOf(ended([reportOf('work', 'restored'), reportOf('vault', 'restored')], [lost]))).toBe(
      'some',
    );
  });

  it('is not told by the count of whole qubes alone when the loss is elsewhere', () => {
    const whole = [reportOf('work', 'restored'), reportOf('vault', 'restored')];
    const damaged: Problem = { code: 'qubes-xml-missing', params: {} };
    expect(isLossElsewhere(ended(whole, [damaged]).report)).toBe(true);
    expect(isLossElsewhere(ended(whole).report)).toBe(false);
    expect(isLossElsewhere(ended([reportOf('work', 'partial')], [damaged]).report)).toBe(false);
  });

  it('is "nothing" when no qube is there', () => {
    expect(verdictOf(ended([]))).toBe('nothing');
    expect(verdictOf(ended([reportOf('work', 'failed')]))).toBe('nothing');
  });

  it('counts each outcome and names what has none', () => {
    const state = ended([reportOf('work', 'partial')]);
    expect(tallyOf(state.report)).toEqual({
      restored: 0,
      verified: 0,
      partial: 1,
      failed: 0,
      unfinished: 0,
      occupied: 0,
    });
    expect(unreportedOf(state)).toEqual(['vault']);
  });

  it('says how to go on: at once, after unlocking again, or not at all', () => {
    const damage: Problem = { code: 'chunk-damaged', params: { file: 'f', chunk: 1 } };
    const gone: Problem = { code: 'engine-gone', params: { reason: 'signal 9' } };
    const both = [reportOf('work', 'restored'), reportOf('vault', 'restored')];
    expect(resumptionOf(ended(both))).toBeNull();
    expect(resumptionOf(ended([reportOf('work', 'restored')]))).toBe('at-once');
    expect(resumptionOf(ended([reportOf('work', 'restored')], [gone]))).toBe('unlock');
    const vault = (problem: Problem) =>
      ended([reportOf('work', 'restored'), reportOf('vault', 'failed', [problem])]);
    expect(resumptionOf(vault(lost))).toBe('at-once');
    const stopped = ended([reportOf('work', 'restored'), reportOf('vault', 'unfinished')]);
    expect(resumptionOf(stopped)).toBe('at-once');
    expect(resumptionOf(vault(damage))).toBeNull();
  });

  it('shows the worst first', () => {
    const reports = [reportOf('a', 'restored'), reportOf('b', 'failed'), reportOf('c', 'partial')];
    expect(names(worstFirst(reports))).toEqual(['b', 'c', 'a']);
  });
});

/** Promises of the look into an image: which event is legal in which state, and what is shown in which order. */
import { describe, expect, it } from 'vitest';
import type { BrowseState, Copy, OpenState } from '../../renderer/state/browse.ts';
import { firstVolume } from '../../renderer/state/browse.ts';
import { missingFolders, rowsOf, soleSelected, totalSelected } from '../../renderer/state/browse-entries.ts';
import { reduceBrowse, type BrowseEvent } from '../../renderer/state/browse-reduce.ts';
import { copyIn } from '../../renderer/state/work.ts';
import { lastName, parentOf, root, wayTo } from '../../renderer/state/entry-ids.ts';
import {
  keyOf,
  noMounts,
  reduceMounts,
  type MountsEvent,
  type MountsState,
} from '../../renderer/state/mounts.ts';
import type { ImageSource, OpenedImage } from '../../shared/contract/image-calls.ts';
import { problem } from '../../shared/problems.ts';
import {
  copyPlan,
  copyReport,
  dividedImage,
  entries,
  hits,
  idOf,
  openedImage,
} from '../support/image-sample.ts';
import { folderPlace } from '../support/wizard-sample.ts';

const rowsIn = ({ folders, at, search, order }: OpenState) => rowsOf(folders.get(at), search, order, 'en');

const source: ImageSource = { kind: 'place', placeId: 'place-image' };
const trouble = problem('source-lost', { reason: 'EIO' });

const after = (state: BrowseState, ...events: readonly BrowseEvent[]): BrowseState =>
  events.reduce(reduceBrowse, state);

function openAt(image: OpenedImage = openedImage, ...events: readonly BrowseEvent[]): OpenState {
  const state = after(
    { kind: 'closed' },
    { type: 'opening', ticket: 'o', source },
    { type: 'opened', ticket: 'o', image },
    ...events,
  );
  if (state.kind !== 'open') throw new Error(`it is ${state.kind}`);
  return state;
}

const listed = openAt(
  openedImage,
  { type: 'entered', visit: 'o', notes: [] },
  { type: 'reading', visit: 'o', folder: root },
  {
    type: 'read',
    visit: 'o',
    folder: root,
    listing: { entries: entries.filter(({ id }) => parentOf(id) === root), omitted: 0, problems: [] },
  },
);

describe('ids of files', () => {
  it.each([
    ['home/user/Documents', ['', 'home', 'home/user', 'home/user/Documents']],
    ['lost+found', ['', 'lost+found']],
    ['', ['']],
  ])('lead back to the root from %j', (path, way) => {
    expect(wayTo(idOf(path))).toEqual(way.map(idOf));
    expect(parentOf(idOf(path))).toBe(path === '' ? null : idOf(way.at(-2) ?? ''));
  });

  it('hold names that are no text', () => {
    const odd = Buffer.from([0x61, 0x2f, 0x73, 0x63, 0x68, 0xf6, 0x6e]).toString('base64url');
    expect(parentOf(odd)).toBe(idOf('a'));
    expect(lastName(odd)).toBe('sch\ufffdn');
  });
});

describe('opening an image', () => {
  it('begins at the root of the largest volume that can be read', () => {
    expect(firstVolume(dividedImage.image.volumes)).toBe(2);
    expect(openAt(dividedImage)).toMatchObject({ volume: 2, at: root, entrance: { kind: 'opening' } });
  });

  it('says of a volume that cannot be read that it cannot', () => {
    const [luks] = dividedImage.image.volumes.slice(1);
    const volumes = luks ? [luks] : [];
    expect(openAt({ ...dividedImage, image: { ...dividedImage.image, volumes } }).entrance).toEqual({
      kind: 'unreadable',
    });
  });

  it('drops answers to questions that were given up', () => {
    const opening: BrowseState = { kind: 'opening', ticket: 'new', source };
    expect(after(opening, { type: 'opened', ticket: 'old', image: openedImage })).toBe(opening);
    expect(after(opening, { type: 'open-failed', ticket: 'old', problem: trouble })).toBe(opening);
    const closed: BrowseState = { kind: 'closed' };
    expect(after(closed, { type: 'opened', ticket: 'o', image: openedImage })).toBe(closed);
  });

  it('drops what was read of a volume that was left', () => {
    const elsewhere = after(openAt(dividedImage), { type: 'entering', visit: 'v2', volume: 0 });
    expect(elsewhere).toMatchObject({ volume: 0, entrance: { kind: 'unreadable' } });
    for (const late of [
      { type: 'entered', visit: 'o', notes: [] },
      { type: 'read', visit: 'o', folder: root, listing: { entries: [], omitted: 0, problems: [] } },
      { type: 'read-failed', visit: 'o', folder: root, problem: trouble },
      { type: 'entering', visit: 'v3', volume: 9 },
    ] satisfies BrowseEvent[]) {
      expect(after(elsewhere, late), late.type).toBe(elsewhere);
    }
  });
});

describe('walking through folders', () => {
  it('opens the tree on the way and forgets what was selected', () => {
    const chosen = after(listed, { type: 'selected', entries: new Set([idOf('home')]) });
    const there = after(chosen, { type: 'went', folder: idOf('home/user') }) as OpenState;
    expect(there).toMatchObject({ at: idOf('home/user'), search: null, look: { kind: 'none' } });
    expect([...there.selected]).toEqual([]);
    expect([...there.expanded]).toEqual([root, idOf('home')]);
    expect(missingFolders(there, there.at)).toEqual([idOf('home'), idOf('home/user')]);
  });

  it('shows folders first, then by the column that was chosen', () => {
    const names = (state: OpenState) => rowsIn(state).map(({ entry }) => entry.name);
    const documents = idOf('home/user/Documents');
    const state = after(
      listed,
      { type: 'went', folder: documents },
      {
        type: 'read',
        visit: 'o',
        folder: documents,
        listing: {
          entries: entries.filter(({ id }) => parentOf(id) === documents),
          omitted: 0,
          problems: [],
        },
      },
    ) as OpenState;
    expect(names(state).slice(0, 4)).toEqual(['2024', '2025', 'budget 2026.ods', 'contract.pdf']);
    const bySize = after(state, { type: 'ordered', order: { column: 'size', descending: true } });
    expect(names(bySize as OpenState).slice(0, 3)).toEqual(['2024', '2025', 'presentation.odp']);
    const chosen = after(state, {
      type: 'selected',
      entries: new Set(['home/user/Documents/notes.txt', 'home/user/Documents/2024'].map(idOf)),
    }) as OpenState;
    expect(totalSelected(chosen, rowsIn(chosen))).toMatchObject({
      count: 2,
      bytes: 1204,
      hasFolders: true,
    });
    expect(soleSelected(chosen, rowsIn(chosen))).toBeNull();
  });
});

describe('a search', () => {
  const searching = after(listed, { type: 'searching', ticket: 's', text: 'o' });
  const end = { visited: 10, isCut: false, unread: 0 };

  it('shows what is found in place of the folder, also what arrives after its end', () => {
    const ended = after(
      searching,
      { type: 'found', ticket: 's', findings: { found: hits.slice(0, 2), visited: 7 } },
      { type: 'searched', ticket: 's', end },
      { type: 'found', ticket: 's', findings: { found: hits.slice(2, 3), visited: 9 } },
    ) as OpenState;
    expect(ended.search).toMatchObject({ visited: 10, state: { kind: 'ended' } });
    expect(rowsIn(ended)).toHaveLength(3);
    expect(rowsIn(after(ended, { type: 'search-left' }) as OpenState)).toHaveLength(2);
  });

  it('takes nothing of another one', () => {
    for (const late of [
      { type: 'found', ticket: 'old', findings: { found: [...hits], visited: 7 } },
      { type: 'searched', ticket: 'old', end },
      { type: 'search-failed', ticket: 'old', problem: trouble },
    ] satisfies BrowseEvent[]) {
      expect(after(searching, late), late.type).toBe(searching);
    }
  });
});

describe('a look at a file', () => {
  const id = idOf('home');
  const selected = after(listed, { type: 'selected', entries: new Set([id]) });
  const looking = after(selected, { type: 'looking', ticket: 'l', entry: id });

  it('is taken of what is selected alone', () => {
    expect(looking).toMatchObject({ look: { kind: 'looking', entry: id } });
    expect(after(selected, { type: 'looking', ticket: 'l', entry: idOf('other') })).toBe(selected);
    const more = after(looking, { type: 'selected', entries: new Set([id, idOf('lost+found')]) });
    expect(more).toMatchObject({ look: { kind: 'none' } });
    expect(after(more, { type: 'look-failed', ticket: 'l', problem: trouble })).toBe(more);
  });
});

describe('a copy', () => {
  const measuring: BrowseEvent = {
    type: 'measuring',
    ticket: 'm',
    entries: [idOf('home')],
    folder: folderPlace,
  };
  const planned: BrowseEvent = { type: 'measured', ticket: 'm', plan: copyPlan };
  const copying: BrowseEvent = { type: 'copying', ticket: 'c' };
  const copied: BrowseEvent = { type: 'copied', ticket: 'c', report: copyReport };
  const copyOf = (...events: readonly BrowseEvent[]): Copy => (after(listed, ...events) as OpenState).copy;

  it('is measured, asked about, done and told', () => {
    expect(copyOf(measuring).kind).toBe('measuring');
    expect(copyOf(measuring, planned)).toMatchObject({ kind: 'planned', conflict: 'keep-both' });
    const chosen: BrowseEvent = { type: 'conflict-chosen', conflict: 'skip' };
    expect(copyOf(measuring, planned, chosen)).toMatchObject({ conflict: 'skip' });
    expect(copyOf(measuring, planned, copying)).toMatchObject({ kind: 'copying', progress: null });
    expect(copyIn(after(listed, measuring, planned))).toBe(null);
    expect(copyIn(after(listed, measuring, planned, copying))).toBe('copy');
    expect(copyOf(measuring, planned, copying, copied)).toMatchObject({ kind: 'done' });
    expect(copyOf(measuring, planned, copying, copied, { type: 'copy-left' })).toEqual({ kind: 'none' });
  });

  it('does not begin where something stands in its way', () => {
    const full = problem('dest-full', { needed: 2, free: 1 });
    const blocked: BrowseEvent = { type: 'measured', ticket: 'm', plan: { ...copyPlan, findings: [full] } };
    expect(copyOf(measuring, blocked, copying).kind).toBe('planned');
  });

  it('keeps the image open, and itself in sight, until it has ended', () => {
    const busy = after(listed, measuring, planned, copying);
    for (const leaving of [
      { type: 'closed' },
      { type: 'copy-left' },
      { type: 'entering', visit: 'v', volume: 0 },
      { type: 'opening', ticket: 'x', source },
    ] satisfies BrowseEvent[]) {
      const state = after(busy, leaving);
      expect(state.kind === 'open' && state.copy.kind, leaving.type).toBe('copying');
    }
    expect(copyOf(measuring, planned, copying, { type: 'copy-cancelled' })).toMatchObject({
      isCancelling: true,
    });
  });

  it.each<[string, readonly BrowseEvent[]]>([
    ['a plan of another question', [{ type: 'measured', ticket: 'old', plan: copyPlan }]],
    ['a copy without a plan', [copying]],
    ['the end of another copy', [measuring, planned, copying, { ...copied, ticket: 'old' }]],
    ['a choice without a plan', [{ type: 'conflict-chosen', conflict: 'skip' }]],
  ])('refuses %s', (_, events) => {
    expect(after(listed, ...events)).toEqual(after(listed, ...events.slice(0, -1)));
  });
});

describe('mounting', () => {
  const run = (...events: readonly MountsEvent[]): MountsState => events.reduce(reduceMounts, noMounts);
  const asked: MountsEvent = { type: 'asked', ticket: 'a', source };
  const read: MountsEvent = { type: 'read', ticket: 'a', image: dividedImage, volume: null };
  const mounting: MountsEvent = { type: 'mounting', ticket: 'm' };
  const mounted: MountsEvent = {
    type: 'mounted',
    ticket: 'm',
    source,
    name: 'work',
    mounted: { mountId: 'i', mountPoint: '/run/x', journal: 'replayed', problems: [] },
  };

  it('asks first, and offers a recovered copy where the journal is pending', () => {
    expect(run(asked, read).dialog).toMatchObject({ kind: 'asking', volume: 2, journal: 'recovered-copy' });
    expect(run(asked, { ...read, image: openedImage }).dialog).toMatchObject({ journal: 'leave' });
  });

  it('knows what is mounted, also where nobody waited for it', () => {
    expect(run(asked, read, mounting, mounted)).toMatchObject({ dialog: { kind: 'none' } });
    expect(run(asked, read, mounting, { type: 'left' }, mounted).mounts.has(keyOf(source))).toBe(true);
  });

  it('says why it could not be unmounted, and forgets it when it was', () => {
    const key = keyOf(source);
    const busy = run(
      asked,
      read,
      mounting,
      mounted,
      { type: 'ending', key },
      { type: 'troubled', key, problem: trouble },
    );
    expect(busy.mounts.get(key)).toMatchObject({ isEnding: false, problem: trouble });
    expect(reduceMounts(busy, { type: 'ended', key }).mounts.size).toBe(0);
  });

  it('drops answers to questions that were given up', () => {
    const left = run(asked, { type: 'left' });
    expect(reduceMounts(left, read)).toBe(left);
    expect(reduceMounts(left, { type: 'mount-failed', ticket: 'm', problem: trouble })).toBe(left);
  });
});

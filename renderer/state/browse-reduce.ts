/** How a look into an image moves: a pure function that takes an event where it is legal and refuses it elsewhere. */
import type { ImageSource, OpenedImage } from '../../shared/contract/image-calls.ts';
import type { Place } from '../../shared/contract/wizard.ts';
import type {
  CopyPlan,
  CopyProgress,
  CopyReport,
  EntryDetails,
  EntryId,
  FilePreview,
  ImageListing,
  SearchEnd,
  SearchFindings,
} from '../../shared/image.ts';
import type { Problem } from '../../shared/problems.ts';
import {
  firstVolume,
  type BrowseState,
  type Conflict,
  type Copy,
  type Folder,
  type OpenState,
  type Ticket,
} from './browse.ts';
import type { EntryOrder } from './browse-entries.ts';
import { root, wayTo } from './entry-ids.ts';

/** What a person did, and what the backend answered. */
export type BrowseEvent =
  | { readonly type: 'opening'; readonly ticket: Ticket; readonly source: ImageSource }
  | { readonly type: 'opened'; readonly ticket: Ticket; readonly image: OpenedImage }
  | { readonly type: 'open-failed'; readonly ticket: Ticket; readonly problem: Problem }
  | { readonly type: 'closed' }
  | VisitEvent
  | SearchEvent
  | LookEvent
  | CopyEvent;

type VisitEvent =
  | { readonly type: 'entering'; readonly visit: Ticket; readonly volume: number }
  | { readonly type: 'entered'; readonly visit: Ticket; readonly notes: readonly Problem[] }
  | { readonly type: 'entry-failed'; readonly visit: Ticket; readonly problem: Problem }
  | { readonly type: 'reading'; readonly visit: Ticket; readonly folder: EntryId }
  | {
      readonly type: 'read';
      readonly visit: Ticket;
      readonly folder: EntryId;
      readonly listing: ImageListing;
    }
  | {
      readonly type: 'read-failed';
      readonly visit: Ticket;
      readonly folder: EntryId;
      readonly problem: Problem;
    }
  | { readonly type: 'went'; readonly folder: EntryId }
  | { readonly type: 'expanded'; readonly folders: ReadonlySet<EntryId> }
  | { readonly type: 'selected'; readonly entries: ReadonlySet<EntryId> }
  | { readonly type: 'ordered'; readonly order: EntryOrder };

type SearchEvent =
  | { readonly type: 'searching'; readonly ticket: Ticket; readonly text: string }
  | { readonly type: 'found'; readonly ticket: Ticket; readonly findings: SearchFindings }
  | { readonly type: 'searched'; readonly ticket: Ticket; readonly end: SearchEnd }
  | { readonly type: 'search-failed'; readonly ticket: Ticket; readonly problem: Problem }
  | { readonly type: 'search-left' };

type LookEvent =
  | { readonly type: 'looking'; readonly ticket: Ticket; readonly entry: EntryId }
  | {
      readonly type: 'looked';
      readonly ticket: Ticket;
      readonly details: EntryDetails;
      readonly preview: FilePreview | null;
    }
  | { readonly type: 'look-failed'; readonly ticket: Ticket; readonly problem: Problem };

type CopyEvent =
  | {
      readonly type: 'measuring';
      readonly ticket: Ticket;
      readonly entries: readonly EntryId[];
      readonly folder: Place;
    }
  | { readonly type: 'measured'; readonly ticket: Ticket; readonly plan: CopyPlan }
  | { readonly type: 'measure-failed'; readonly ticket: Ticket; readonly problem: Problem }
  | { readonly type: 'conflict-chosen'; readonly conflict: Conflict }
  | { readonly type: 'copying'; readonly ticket: Ticket }
  | { readonly type: 'copy-progressed'; readonly ticket: Ticket; readonly progress: CopyProgress }
  | { readonly type: 'copy-cancelled' }
  | { readonly type: 'copied'; readonly ticket: Ticket; readonly report: CopyReport }
  | { readonly type: 'copy-failed'; readonly ticket: Ticket | null; readonly problem: Problem }
  | { readonly type: 'copy-left' };

/** The state after `event`; the very same state where the event is not legal. */
export function reduceBrowse(state: BrowseState, event: BrowseEvent): BrowseState {
  switch (event.type) {
    case 'opening':
      if (state.kind === 'open' && isBusy(state)) return state;
      return { kind: 'opening', ticket: event.ticket, source: event.source };
    case 'opened':
      if (state.kind !== 'opening' || state.ticket !== event.ticket) return state;
      return opened(state.source, event.image, event.ticket);
    case 'open-failed':
      if (state.kind !== 'opening' || state.ticket !== event.ticket) return state;
      return { kind: 'trouble', source: state.source, problem: event.problem };
    case 'closed':
      if (state.kind === 'closed' || (state.kind === 'open' && isBusy(state))) return state;
      return { kind: 'closed' };
    default:
      return state.kind === 'open' ? inside(state, event) : state;
  }
}

/** Whether something is being written, which leaving would hide. */
export function isBusy({ copy }: OpenState): boolean {
  return copy.kind === 'copying';
}

function opened(source: ImageSource, image: OpenedImage, ticket: Ticket): OpenState {
  return enter(source, image, firstVolume(image.image.volumes), ticket);
}

function enter(source: ImageSource, image: OpenedImage, volume: number, visit: Ticket): OpenState {
  const isReadable = image.image.volumes[volume]?.isReadable ?? false;
  return {
    kind: 'open',
    source,
    image,
    volume,
    visit,
    entrance: { kind: isReadable ? 'opening' : 'unreadable' },
    folders: new Map(),
    expanded: new Set([root]),
    at: root,
    search: null,
    selected: new Set(),
    order: { column: 'name', descending: false },
    look: { kind: 'none' },
    copy: { kind: 'none' },
  };
}

type InsideEvent = VisitEvent | SearchEvent | LookEvent | CopyEvent;

function inside(state: OpenState, event: InsideEvent): OpenState {
  switch (event.type) {
    case 'entering':
    case 'entered':
    case 'entry-failed':
    case 'reading':
    case 'read':
    case 'read-failed':
    case 'went':
    case 'expanded':
    case 'selected':
    case 'ordered':
      return inVisit(state, event);
    case 'searching':
    case 'found':
    case 'searched':
    case 'search-failed':
    case 'search-left':
      return inSearch(state, event);
    case 'looking':
    case 'looked':
    case 'look-failed':
      return inLook(state, event);
    default: {
      const copy = inCopy(state.copy, event);
      return copy === state.copy ? state : { ...state, copy };
    }
  }
}

function inVisit(state: OpenState, event: VisitEvent): OpenState {
  if (event.type === 'entering') {
    if (isBusy(state) || !state.image.image.volumes[event.volume]) return state;
    return enter(state.source, state.image, event.volume, event.visit);
  }
  if ('visit' in event && event.visit !== state.visit) return state;
  switch (event.type) {
    case 'entered':
      if (state.entrance.kind !== 'opening') return state;
      return { ...state, entrance: { kind: 'entered', notes: event.notes } };
    case 'entry-failed':
      if (state.entrance.kind !== 'opening') return state;
      return { ...state, entrance: { kind: 'trouble', problem: event.problem } };
    case 'reading':
      return withFolder(state, event.folder, { kind: 'reading' });
    case 'read':
      return withFolder(state, event.folder, { kind: 'read', listing: event.listing });
    case 'read-failed':
      return withFolder(state, event.folder, { kind: 'trouble', problem: event.problem });
    case 'went':
      return {
        ...state,
        at: event.folder,
        expanded: new Set([...state.expanded, ...wayTo(event.folder).slice(0, -1)]),
        search: null,
        selected: new Set(),
        look: { kind: 'none' },
      };
    case 'expanded':
      return { ...state, expanded: event.folders };
    case 'selected':
      return {
        ...state,
        selected: event.entries,
        look: event.entries.size === 1 ? state.look : { kind: 'none' },
      };
    case 'ordered':
      return { ...state, order: event.order };
  }
}

function withFolder(state: OpenState, id: EntryId, folder: Folder): OpenState {
  return { ...state, folders: new Map([...state.folders, [id, folder]]) };
}

function inSearch(state: OpenState, event: SearchEvent): OpenState {
  const { search } = state;
  const unselected = { selected: new Set<EntryId>(), look: { kind: 'none' } } as const;
  if (event.type === 'searching') {
    const { ticket, text } = event;
    return {
      ...state,
      ...unselected,
      search: { ticket, text, hits: [], visited: 0, state: { kind: 'running' } },
    };
  }
  if (event.type === 'search-left') return search ? { ...state, ...unselected, search: null } : state;
  if (search?.ticket !== event.ticket) return state;
  switch (event.type) {
    case 'found': {
      // The last findings may arrive after the word that the search has ended.
      const { found, visited } = event.findings;
      return {
        ...state,
        search: { ...search, hits: [...search.hits, ...found], visited: Math.max(visited, search.visited) },
      };
    }
    case 'searched': {
      const { end } = event;
      return { ...state, search: { ...search, visited: end.visited, state: { kind: 'ended', end } } };
    }
    case 'search-failed':
      return { ...state, search: { ...search, state: { kind: 'trouble', problem: event.problem } } };
  }
}

function inLook(state: OpenState, event: LookEvent): OpenState {
  const { look } = state;
  if (event.type === 'looking') {
    if (!state.selected.has(event.entry) || state.selected.size !== 1) return state;
    return { ...state, look: { kind: 'looking', ticket: event.ticket, entry: event.entry } };
  }
  if (look.kind !== 'looking' || look.ticket !== event.ticket) return state;
  if (event.type === 'looked') {
    const { details, preview } = event;
    return { ...state, look: { kind: 'shown', entry: look.entry, details, preview } };
  }
  return { ...state, look: { kind: 'trouble', entry: look.entry, problem: event.problem } };
}

function inCopy(copy: Copy, event: CopyEvent): Copy {
  switch (event.type) {
    case 'measuring': {
      if (copy.kind === 'copying') return copy;
      const { ticket, entries, folder } = event;
      return { kind: 'measuring', ticket, entries, folder };
    }
    case 'measured': {
      if (copy.kind !== 'measuring' || copy.ticket !== event.ticket) return copy;
      const { entries, folder } = copy;
      return { kind: 'planned', entries, folder, plan: event.plan, conflict: 'keep-both' };
    }
    case 'measure-failed':
      if (copy.kind !== 'measuring' || copy.ticket !== event.ticket) return copy;
      return { kind: 'trouble', folder: copy.folder, problem: event.problem };
    case 'conflict-chosen':
      return copy.kind === 'planned' ? { ...copy, conflict: event.conflict } : copy;
    case 'copying':
      if (copy.kind !== 'planned' || copy.plan.findings.length > 0) return copy;
      return {
        kind: 'copying',
        ticket: event.ticket,
        folder: copy.folder,
        progress: null,
        isCancelling: false,
      };
    case 'copy-progressed':
      if (copy.kind !== 'copying' || copy.ticket !== event.ticket) return copy;
      return { ...copy, progress: event.progress };
    case 'copy-cancelled':
      return copy.kind === 'copying' ? { ...copy, isCancelling: true } : copy;
    case 'copied':
      if (copy.kind !== 'copying' || copy.ticket !== event.ticket) return copy;
      return { kind: 'done', folder: copy.folder, report: event.report };
    case 'copy-failed':
      // Without a ticket it is the choice of a folder that failed.
      if (event.ticket === null) {
        return copy.kind === 'none' ? { kind: 'trouble', folder: null, problem: event.problem } : copy;
      }
      if (copy.kind !== 'copying' || copy.ticket !== event.ticket) return copy;
      return { kind: 'trouble', folder: copy.folder, problem: event.problem };
    case 'copy-left':
      return copy.kind === 'copying' ? copy : { kind: 'none' };
  }
}

/** What a look into an image can be in: closed, being opened, or open at a folder with all that is going on there. */
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
  ImageVolume,
  SearchEnd,
  SearchHit,
} from '../../shared/image.ts';
import type { Problem } from '../../shared/problems.ts';
import type { EntryOrder } from './browse-entries.ts';

/** Tells the answer that is waited for from those of abandoned questions; also the name of a piece of work. */
export type Ticket = string;

export type Folder =
  | { readonly kind: 'reading' }
  | { readonly kind: 'read'; readonly listing: ImageListing }
  | { readonly kind: 'trouble'; readonly problem: Problem };

/** How far a volume has been entered. */
export type Entrance =
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'opening' }
  | { readonly kind: 'entered'; readonly notes: readonly Problem[] }
  | { readonly kind: 'trouble'; readonly problem: Problem };

export interface Search {
  readonly ticket: Ticket;
  readonly text: string;
  readonly hits: readonly SearchHit[];
  readonly visited: number;
  readonly state:
    | { readonly kind: 'running' }
    | { readonly kind: 'ended'; readonly end: SearchEnd }
    | { readonly kind: 'trouble'; readonly problem: Problem };
}

/** A look at the one entry that is selected. */
export type Look =
  | { readonly kind: 'none' }
  | { readonly kind: 'looking'; readonly ticket: Ticket; readonly entry: EntryId }
  | { readonly kind: 'trouble'; readonly entry: EntryId; readonly problem: Problem }
  | {
      readonly kind: 'shown';
      readonly entry: EntryId;
      readonly details: EntryDetails;
      /** Null for what has no content of its own, such as a folder. */
      readonly preview: FilePreview | null;
    };

/** What happens to copies whose name is taken in the destination. */
export type Conflict = 'keep-both' | 'replace' | 'skip';

export type Copy =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'measuring';
      readonly ticket: Ticket;
      readonly entries: readonly EntryId[];
      readonly folder: Place;
    }
  | {
      readonly kind: 'planned';
      readonly entries: readonly EntryId[];
      readonly folder: Place;
      readonly plan: CopyPlan;
      readonly conflict: Conflict;
    }
  | {
      readonly kind: 'copying';
      readonly ticket: Ticket;
      readonly folder: Place;
      /** Null until the first word of it. */
      readonly progress: CopyProgress | null;
      readonly isCancelling: boolean;
    }
  | { readonly kind: 'done'; readonly folder: Place; readonly report: CopyReport }
  | { readonly kind: 'trouble'; readonly folder: Place | null; readonly problem: Problem };

export interface OpenState {
  readonly kind: 'open';
  readonly source: ImageSource;
  readonly image: OpenedImage;
  /** The place of the volume in the image's list. */
  readonly volume: number;
  /** Changes with each entering of a volume: answers to questions of an earlier visit are dropped. */
  readonly visit: Ticket;
  readonly entrance: Entrance;
  readonly folders: ReadonlyMap<EntryId, Folder>;
  /** Folders that are open in the tree. */
  readonly expanded: ReadonlySet<EntryId>;
  /** The folder that is shown. */
  readonly at: EntryId;
  readonly search: Search | null;
  readonly selected: ReadonlySet<EntryId>;
  readonly order: EntryOrder;
  readonly look: Look;
  readonly copy: Copy;
}

export type BrowseState =
  | { readonly kind: 'closed' }
  | { readonly kind: 'opening'; readonly ticket: Ticket; readonly source: ImageSource }
  | { readonly kind: 'trouble'; readonly source: ImageSource; readonly problem: Problem }
  | OpenState;

/** The volume to begin with: the largest that can be read, else the first. */
export function firstVolume(volumes: readonly ImageVolume[]): number {
  let best = -1;
  volumes.forEach(({ isReadable, size }, index) => {
    if (isReadable && size > (volumes[best]?.size ?? -1)) best = index;
  });
  return Math.max(0, best);
}

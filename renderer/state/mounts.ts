/** What is mounted, and the question before an image is: a union and the pure function that moves it. */
import type {
  ImageSource,
  JournalChoice,
  MountedImage,
  OpenedImage,
} from '../../shared/contract/image-calls.ts';
import type { Problem } from '../../shared/problems.ts';
import { firstVolume } from './browse.ts';

export type Ticket = string;

export type MountDialog =
  | { readonly kind: 'none' }
  | { readonly kind: 'reading'; readonly ticket: Ticket; readonly source: ImageSource }
  | {
      readonly kind: 'asking';
      readonly source: ImageSource;
      readonly image: OpenedImage;
      readonly volume: number;
      readonly journal: JournalChoice;
    }
  | {
      readonly kind: 'mounting';
      readonly ticket: Ticket;
      readonly source: ImageSource;
      readonly image: OpenedImage;
      /** Bytes of the recovered copy, once there are any. */
      readonly copied: { readonly done: number; readonly total: number } | null;
    }
  | { readonly kind: 'trouble'; readonly image: OpenedImage | null; readonly problem: Problem };

export interface Mount {
  readonly name: string;
  readonly mounted: MountedImage;
  readonly isEnding: boolean;
  /** Why it could not be unmounted or shown. */
  readonly problem: Problem | null;
}

export interface MountsState {
  readonly dialog: MountDialog;
  /** By the key of their source. */
  readonly mounts: ReadonlyMap<string, Mount>;
}

export type MountsEvent =
  | { readonly type: 'asked'; readonly ticket: Ticket; readonly source: ImageSource }
  | {
      readonly type: 'read';
      readonly ticket: Ticket;
      readonly image: OpenedImage;
      readonly volume: number | null;
    }
  | { readonly type: 'read-failed'; readonly ticket: Ticket; readonly problem: Problem }
  | { readonly type: 'journal-chosen'; readonly journal: JournalChoice }
  | { readonly type: 'mounting'; readonly ticket: Ticket }
  | { readonly type: 'progressed'; readonly ticket: Ticket; readonly done: number; readonly total: number }
  | {
      readonly type: 'mounted';
      readonly ticket: Ticket;
      readonly source: ImageSource;
      readonly name: string;
      readonly mounted: MountedImage;
    }
  | { readonly type: 'mount-failed'; readonly ticket: Ticket; readonly problem: Problem }
  | { readonly type: 'left' }
  | { readonly type: 'ending'; readonly key: string }
  | { readonly type: 'ended'; readonly key: string }
  | { readonly type: 'troubled'; readonly key: string; readonly problem: Problem };

export const noMounts: MountsState = { dialog: { kind: 'none' }, mounts: new Map() };

/** Tells one image from another. */
export function keyOf(source: ImageSource): string {
  return source.kind === 'place' ? source.placeId : [source.jobId, source.qube, source.file].join('/');
}

/** The state after `event`; the very same state where the event is not legal. */
export function reduceMounts(state: MountsState, event: MountsEvent): MountsState {
  const { dialog } = state;
  const say = (next: MountDialog): MountsState => ({ ...state, dialog: next });
  switch (event.type) {
    case 'asked':
      if (dialog.kind !== 'none') return state;
      return say({ kind: 'reading', ticket: event.ticket, source: event.source });
    case 'read': {
      if (dialog.kind !== 'reading' || dialog.ticket !== event.ticket) return state;
      const { image } = event;
      const volume = event.volume ?? firstVolume(image.image.volumes);
      // A copy shows all there is, which is what somebody wants who asks for nothing else.
      const journal = image.image.volumes[volume]?.needsRecovery ? 'recovered-copy' : 'leave';
      return say({ kind: 'asking', source: dialog.source, image, volume, journal });
    }
    case 'read-failed':
      if (dialog.kind !== 'reading' || dialog.ticket !== event.ticket) return state;
      return say({ kind: 'trouble', image: null, problem: event.problem });
    case 'journal-chosen':
      return dialog.kind === 'asking' ? say({ ...dialog, journal: event.journal }) : state;
    case 'mounting': {
      if (dialog.kind !== 'asking') return state;
      const { source, image } = dialog;
      return say({ kind: 'mounting', ticket: event.ticket, source, image, copied: null });
    }
    case 'progressed': {
      if (dialog.kind !== 'mounting' || dialog.ticket !== event.ticket) return state;
      return say({ ...dialog, copied: { done: event.done, total: event.total } });
    }
    case 'mounted': {
      const { source, name, mounted } = event;
      const isAwaited = dialog.kind === 'mounting' && dialog.ticket === event.ticket;
      const mount: Mount = { name, mounted, isEnding: false, problem: null };
      // It is mounted, whether or not somebody still waits for it.
      return {
        dialog: isAwaited ? { kind: 'none' } : dialog,
        mounts: new Map([...state.mounts, [keyOf(source), mount]]),
      };
    }
    case 'mount-failed':
      if (dialog.kind !== 'mounting' || dialog.ticket !== event.ticket) return state;
      return say({ kind: 'trouble', image: dialog.image, problem: event.problem });
    case 'left':
      return dialog.kind === 'none' ? state : say({ kind: 'none' });
    case 'ending':
      return withMount(state, event.key, { isEnding: true, problem: null });
    case 'troubled':
      return withMount(state, event.key, { isEnding: false, problem: event.problem });
    case 'ended': {
      if (!state.mounts.has(event.key)) return state;
      return { ...state, mounts: new Map([...state.mounts].filter(([key]) => key !== event.key)) };
    }
  }
}

function withMount(state: MountsState, key: string, change: Partial<Mount>): MountsState {
  const mount = state.mounts.get(key);
  if (!mount) return state;
  return { ...state, mounts: new Map([...state.mounts, [key, { ...mount, ...change }]]) };
}

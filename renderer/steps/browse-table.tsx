/** The entries of a folder, or what a search has found: to be selected, opened and sorted. */
import { File, FileImage, FileText, FileX, Folder, Link2, type LucideIcon } from 'lucide-react';
import { memo } from 'react';
import type { Selection } from 'react-aria-components';
import type { EntryId, ImageEntry } from '../../shared/image.ts';
import { visible } from '../../shared/words/formats.ts';
import { ChoiceTable } from '../components/choice-table.tsx';
import { useMediaQuery } from '../components/media-query.ts';
import { useWizard } from '../components/wizard-context.ts';
import { useSpeech } from '../i18n/speech.ts';
import {
  isFolder,
  nature,
  type EntryColumn,
  type EntryOrder,
  type EntryRow,
} from '../state/browse-entries.ts';

const widths = { name: '1fr', folder: '1fr', size: 92, modified: 112 } as const;

interface BrowseTableProps {
  readonly rows: readonly EntryRow[];
  /** Whether they are what a search has found, and not a folder's. */
  readonly isSearch: boolean;
  /** Whether more may come. */
  readonly isReading: boolean;
  /** Whether the folder could not be read, or not all of it: then nobody knows that it is empty. */
  readonly isTrouble: boolean;
  readonly order: EntryOrder;
  readonly selected: ReadonlySet<EntryId>;
}

/** Drawn again only when one of these changes, and not with all that happens beside it. */
export const BrowseTable = memo(function BrowseTable({
  rows,
  isSearch,
  isReading,
  isTrouble,
  order,
  selected,
}: BrowseTableProps) {
  const { say } = useSpeech();
  const { browsing } = useWizard();
  const narrow = useMediaQuery('(width < 62rem)');

  const emptyWords = isReading
    ? 'browse.reading'
    : isSearch
      ? 'browse.nothingFound'
      : isTrouble
        ? 'browse.nothingToShow'
        : 'browse.empty';

  function select(selection: Selection): void {
    const ids = new Set(selection === 'all' ? rows.map(({ entry }) => entry.id) : [...selection].map(String));
    const sole = ids.size === 1 ? (rows.find(({ entry }) => ids.has(entry.id))?.entry ?? null) : null;
    void browsing.controller.select(ids, sole);
  }

  function open(id: string): void {
    const entry = rows.find((row) => row.entry.id === id)?.entry;
    if (!entry) return;
    if (isFolder(entry)) void browsing.controller.go(entry.id);
    else void browsing.controller.select(new Set([id]), entry);
  }

  return (
    <ChoiceTable
      className="browse-list"
      label={say(isSearch ? 'browse.hits' : 'browse.list')}
      allWords={say('browse.selectAll')}
      rowHeight={40}
      choiceWidth={44}
      columns={columnsFor(isSearch, narrow).map((id) => ({
        id,
        words: say(`browse.${id}`),
        width: widths[id],
      }))}
      order={order}
      onOrder={(next) => browsing.store.dispatch({ type: 'ordered', order: next })}
      items={rows}
      idOf={({ entry }) => entry.id}
      nameOf={({ entry }) => entry.name}
      cellOf={({ entry, folder }, column) => <EntryCell entry={entry} folder={folder} column={column} />}
      selectionBehavior="replace"
      selected={selected}
      onSelect={select}
      onRowAction={(key) => open(String(key))}
      empty={
        <p className="table-empty" role="status">
          {say(emptyWords)}
        </p>
      }
    />
  );
});

function EntryCell({
  entry,
  folder,
  column,
}: {
  readonly entry: ImageEntry;
  readonly folder: string | null;
  readonly column: EntryColumn;
}) {
  const { say, size, day } = useSpeech();
  switch (column) {
    case 'name': {
      const Icon = icons[lookOf(entry)];
      return (
        <span className="entry-name">
          <Icon className={`icon ${isFolder(entry) ? 'entry-folder' : 'entry-file'}`} aria-hidden />
          <span className="entry-words">
            <span className="entry-title">{visible(entry.name)}</span>
            {!entry.isSound && <span className="fine"> {say('browse.damaged')}</span>}
            {entry.lostBytes > 0 && (
              <span className="fine"> {say('browse.lost', { size: size(entry.lostBytes) })}</span>
            )}
            {entry.link && <span className="fine"> → {visible(entry.link.target)}</span>}
          </span>
          {isFolder(entry) && <span className="visually-hidden">, {say('places.folder')}</span>}
        </span>
      );
    }
    case 'folder':
      return <FolderPath path={visible(folder ?? '')} />;
    case 'size':
      return nature(entry) === 'file' && !entry.link ? size(entry.size) : '';
    case 'modified':
      return entry.modified === null ? '' : day(entry.modified);
  }
}

/** A path that gives way in the middle where it does not fit: its last folder tells most. */
function FolderPath({ path }: { readonly path: string }) {
  const end = path.lastIndexOf('/');
  return (
    <span className="folder-way" title={path}>
      <span className="entry-words">{path.slice(0, end)}</span>
      <span className="folder-end">{path.slice(end)}</span>
    </span>
  );
}

/** What a search finds lies anywhere, and where is told instead of when. */
function columnsFor(isSearch: boolean, isNarrow: boolean): readonly EntryColumn[] {
  if (isSearch) return isNarrow ? ['name', 'folder'] : ['name', 'folder', 'size'];
  return isNarrow ? ['name', 'size'] : ['name', 'size', 'modified'];
}

const pictures = /\.(png|jpe?g|gif|webp|bmp|tiff?|heic|svg)$/i;
const texts = /\.(txt|md|rst|tex|csv|json|xml|html?|odt|docx?|pdf|rtf|log)$/i;

type Look = 'broken' | 'folder' | 'link' | 'picture' | 'text' | 'file';

const icons: Readonly<Record<Look, LucideIcon>> = {
  broken: FileX,
  folder: Folder,
  link: Link2,
  picture: FileImage,
  text: FileText,
  file: File,
};

/** By its name alone, since nothing of it was read. */
function lookOf(entry: ImageEntry): Look {
  if (!entry.isSound || entry.lostBytes > 0) return 'broken';
  if (isFolder(entry)) return 'folder';
  if (entry.link) return 'link';
  if (pictures.test(entry.name)) return 'picture';
  return texts.test(entry.name) ? 'text' : 'file';
}

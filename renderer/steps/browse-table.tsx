/** The entries of a folder, or what a search has found: to be selected, opened and sorted. */
import { File, FileImage, FileText, FileX, Folder, Link2, type LucideIcon } from 'lucide-react';
import {
  Cell,
  Column,
  ResizableTableContainer,
  Row,
  Table,
  TableBody,
  TableHeader,
  TableLayout,
  Virtualizer,
  type Selection,
} from 'react-aria-components';
import type { ImageEntry } from '../../shared/image.ts';
import { visible } from '../../shared/words/formats.ts';
import { RowCheckbox } from '../components/row-checkbox.tsx';
import { SortLabel } from '../components/sort-label.tsx';
import { useMediaQuery } from '../components/media-query.ts';
import { useWizard } from '../components/wizard-context.ts';
import { useSpeech } from '../i18n/speech.ts';
import type { OpenState } from '../state/browse.ts';
import { isFolder, nature, type EntryColumn, type EntryRow } from '../state/browse-entries.ts';

const rowHeight = 40;

export function BrowseTable({
  state,
  rows,
}: {
  readonly state: OpenState;
  readonly rows: readonly EntryRow[];
}) {
  const { say } = useSpeech();
  const { browsing } = useWizard();
  const narrow = useMediaQuery('(width < 62rem)');
  const { order, selected, search, folders, at } = state;
  const columns = columnsFor(search !== null, narrow);
  const folder = folders.get(at);
  const isReading = search
    ? search.state.kind === 'running'
    : folder === undefined || folder.kind === 'reading';

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
    <ResizableTableContainer className="table-frame browse-list">
      <Virtualizer layout={TableLayout} layoutOptions={{ rowHeight, headingHeight: 36 }}>
        <Table
          className="table"
          aria-label={say(search ? 'browse.hits' : 'browse.list')}
          selectionMode="multiple"
          selectionBehavior="replace"
          selectedKeys={selected}
          onSelectionChange={select}
          onRowAction={(key) => open(String(key))}
          sortDescriptor={{
            column: order.column,
            direction: order.descending ? 'descending' : 'ascending',
          }}
          onSortChange={({ column, direction }) =>
            browsing.store.dispatch({
              type: 'ordered',
              order: { column: column as EntryColumn, descending: direction === 'descending' },
            })
          }
        >
          <TableHeader>
            <Column
              id="choice"
              width={44}
              minWidth={44}
              textValue={say('browse.selectAll')}
              className="table-heading table-choice"
            >
              <span className="visually-hidden">{say('browse.selectAll')}</span>
              <RowCheckbox />
            </Column>
            {columns.map((column) => (
              <Column
                key={column}
                id={column}
                isRowHeader={column === 'name'}
                allowsSorting
                textValue={say(`browse.${column}`)}
                className={`table-heading table-${column}`}
                {...(column === 'name' || column === 'folder'
                  ? { defaultWidth: '1fr' }
                  : { width: column === 'size' ? 92 : 112 })}
              >
                {({ sortDirection }) => (
                  <SortLabel words={say(`browse.${column}`)} direction={sortDirection} />
                )}
              </Column>
            ))}
          </TableHeader>
          <TableBody
            items={rows.map((row) => ({ ...row, id: row.entry.id }))}
            dependencies={[columns, selected]}
            renderEmptyState={() => (
              <p className="table-empty" role="status">
                {say(isReading ? 'browse.reading' : search ? 'browse.nothingFound' : 'browse.empty')}
              </p>
            )}
          >
            {({ id, entry, folder: parent }) => (
              <Row id={id} textValue={entry.name} className="table-row">
                <Cell className="table-cell table-choice">
                  <RowCheckbox />
                </Cell>
                {columns.map((column) => (
                  <Cell key={column} className={`table-cell table-${column}`}>
                    <EntryCell entry={entry} folder={parent} column={column} />
                  </Cell>
                ))}
              </Row>
            )}
          </TableBody>
        </Table>
      </Virtualizer>
    </ResizableTableContainer>
  );
}

function EntryCell({
  entry,
  folder,
  column,
}: {
  readonly entry: ImageEntry;
  readonly folder: string | null;
  readonly column: EntryColumn;
}) {
  const { say, size, locale } = useSpeech();
  switch (column) {
    case 'name': {
      const Icon = icons[lookOf(entry)];
      return (
        <span className="entry-name">
          <Icon className={`icon ${isFolder(entry) ? 'entry-folder' : 'entry-file'}`} aria-hidden />
          <span className="entry-words">
            <span className="entry-title">{visible(entry.name)}</span>
            {!entry.isSound && <span className="fine"> {say('browse.damaged')}</span>}
            {entry.link && <span className="fine"> → {visible(entry.link.target)}</span>}
          </span>
          {isFolder(entry) && <span className="visually-hidden">, {say('places.folder')}</span>}
        </span>
      );
    }
    case 'folder':
      return <span className="entry-words">{visible(folder ?? '')}</span>;
    case 'size':
      return nature(entry) === 'file' && !entry.link ? size(entry.size) : '';
    case 'modified':
      return entry.modified === null ? '' : new Intl.DateTimeFormat(locale, shortDate).format(entry.modified);
  }
}

const shortDate = { year: 'numeric', month: '2-digit', day: '2-digit' } as const;

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
  if (!entry.isSound) return 'broken';
  if (isFolder(entry)) return 'folder';
  if (entry.link) return 'link';
  if (pictures.test(entry.name)) return 'picture';
  return texts.test(entry.name) ? 'text' : 'file';
}

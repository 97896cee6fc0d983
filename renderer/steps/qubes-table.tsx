/** The table of qubes: checkbox, label and name, type, template and size; only the rows in sight are in the page. */
import {
  Cell,
  Column,
  Row,
  Table,
  TableBody,
  TableHeader,
  TableLayout,
  ResizableTableContainer,
  Virtualizer,
  type Selection,
} from 'react-aria-components';
import type { Qube } from '../../shared/backup.ts';
import { visible } from '../../shared/words/formats.ts';
import { useMediaQuery } from '../components/media-query.ts';
import { QubeTitle } from '../components/qube-title.tsx';
import { RowCheckbox } from '../components/row-checkbox.tsx';
import { SortLabel } from '../components/sort-label.tsx';
import { useSpeech } from '../i18n/speech.ts';
import {
  canRestore,
  isDom0,
  obstacleOf,
  sortColumns,
  storedBytesOf,
  type QubeOrder,
  type SortColumn,
} from '../state/qubes.ts';

interface QubesTableProps {
  readonly qubes: readonly Qube[];
  readonly chosen: ReadonlySet<string>;
  readonly onChoose: (qubes: ReadonlySet<string>) => void;
  readonly order: QubeOrder;
  readonly onOrder: (order: QubeOrder) => void;
  readonly emptyWords: string;
}

const rowHeight = 44;

export function QubesTable({ qubes, chosen, onChoose, order, onOrder, emptyWords }: QubesTableProps) {
  const { say } = useSpeech();
  const narrow = useMediaQuery('(width < 56rem)');
  const columns: readonly SortColumn[] = narrow ? ['name', 'size'] : sortColumns;
  const shownNames = new Set(qubes.filter(canRestore).map(({ name }) => name));
  const hidden = [...chosen].filter((name) => !shownNames.has(name));
  const allShown = shownNames.size > 0 && [...shownNames].every((name) => chosen.has(name));

  /** A search hides rows, and what is hidden stays as it was chosen. */
  function select(selection: Selection): void {
    onChoose(new Set([...hidden, ...(selection === 'all' ? shownNames : [...selection].map(String))]));
  }

  return (
    <ResizableTableContainer className="table-frame">
      <Virtualizer layout={TableLayout} layoutOptions={{ rowHeight, headingHeight: 36 }}>
        <Table
          className="table"
          aria-label={say('qubes.list')}
          selectionMode="multiple"
          selectedKeys={allShown && shownNames.size === qubes.length ? 'all' : chosen}
          onSelectionChange={select}
          disabledKeys={qubes.filter((qube) => !canRestore(qube)).map(({ name }) => name)}
          sortDescriptor={{
            column: order.column,
            direction: order.descending ? 'descending' : 'ascending',
          }}
          onSortChange={({ column, direction }) =>
            onOrder({ column: column as SortColumn, descending: direction === 'descending' })
          }
        >
          <TableHeader>
            <Column
              id="choice"
              width={48}
              minWidth={48}
              textValue={say('qubes.selectAll')}
              className="table-heading table-choice"
            >
              <span className="visually-hidden">{say('qubes.selectAll')}</span>
              <RowCheckbox />
            </Column>
            {columns.map((column) => (
              <Column
                key={column}
                id={column}
                isRowHeader={column === 'name'}
                allowsSorting
                textValue={say(`qubes.${column}`)}
                className={`table-heading table-${column}`}
                {...(column === 'size'
                  ? { width: 144 }
                  : { defaultWidth: column === 'name' ? '2fr' : '1fr' })}
              >
                {({ sortDirection }) => (
                  <SortLabel words={say(`qubes.${column}`)} direction={sortDirection} />
                )}
              </Column>
            ))}
          </TableHeader>
          <TableBody
            items={qubes}
            dependencies={[columns, chosen]}
            renderEmptyState={() => <p className="table-empty">{emptyWords}</p>}
          >
            {(qube) => (
              <Row id={qube.name} textValue={qube.name} className="table-row">
                <Cell className="table-cell table-choice">{canRestore(qube) && <RowCheckbox />}</Cell>
                {columns.map((column) => (
                  <Cell key={column} className={`table-cell table-${column}`}>
                    <QubeCell qube={qube} column={column} />
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

function QubeCell({ qube, column }: { readonly qube: Qube; readonly column: SortColumn }) {
  const { say, size } = useSpeech();
  const obstacle = obstacleOf(qube);
  switch (column) {
    case 'name':
      return <QubeTitle name={qube.name} label={qube.label} />;
    case 'class':
      return isDom0(qube) ? say('qubes.dom0Class') : visible(qube.class);
    case 'template':
      return visible(qube.template ?? '–');
    case 'size':
      if (obstacle === null) return size(storedBytesOf(qube));
      return (
        <span className="table-obstacle">
          {say(obstacle === 'no-files' ? 'qubes.noFiles' : 'qubes.notIncluded')}
        </span>
      );
  }
}

/** A table to choose rows from: sorted by its headings, and only the rows in sight are in the page. */
import type { ReactNode } from 'react';
import {
  Cell,
  Column,
  Row,
  Table,
  TableBody,
  TableHeader,
  TableLayout,
  Virtualizer,
  type Selection,
  type TableProps,
} from 'react-aria-components';
import { visible } from '../../shared/words/formats.ts';
import { RowCheckbox } from './row-checkbox.tsx';
import { SortLabel } from './sort-label.tsx';

export interface ChoiceColumn<Name extends string> {
  readonly id: Name;
  readonly words: string;
  /** A share of what is left, as `2fr`, or fixed in pixels. */
  readonly width: `${number}fr` | number;
}

export interface Order<Name extends string> {
  readonly column: Name;
  readonly descending: boolean;
}

interface ChoiceTableProps<Item extends object, Name extends string> extends Pick<
  TableProps,
  'selectionBehavior' | 'onRowAction'
> {
  readonly label: string;
  readonly allWords: string;
  readonly className?: string;
  readonly rowHeight: number;
  /** Pixels of the column with the checkboxes. */
  readonly choiceWidth: number;
  readonly columns: readonly ChoiceColumn<Name>[];
  readonly order: Order<Name>;
  readonly onOrder: (order: Order<Name>) => void;
  /** A row is made once for each of these objects, and again only when the columns change. */
  readonly items: readonly Item[];
  readonly idOf: (item: Item) => string;
  readonly nameOf: (item: Item) => string;
  /** Which can be chosen; all unless told. */
  readonly canChoose?: (item: Item) => boolean;
  readonly cellOf: (item: Item, column: Name) => ReactNode;
  readonly selected: ReadonlySet<string> | 'all';
  readonly onSelect: (selection: Selection) => void;
  readonly empty: ReactNode;
}

/** `columns[0]` names the row. */
export function ChoiceTable<Item extends object, Name extends string>({
  label,
  allWords,
  className = '',
  rowHeight,
  choiceWidth,
  columns,
  order,
  onOrder,
  items,
  idOf,
  nameOf,
  canChoose = () => true,
  cellOf,
  selected,
  onSelect,
  empty,
  ...behaviour
}: ChoiceTableProps<Item, Name>) {
  const shape = columns.map(({ id }) => id).join();
  return (
    <div className={`table-frame ${className}`}>
      <Virtualizer layout={TableLayout} layoutOptions={{ rowHeight, headingHeight: 36 }}>
        <Table
          {...behaviour}
          className="table"
          aria-label={label}
          selectionMode="multiple"
          selectedKeys={selected}
          onSelectionChange={onSelect}
          disabledKeys={items.filter((item) => !canChoose(item)).map(idOf)}
          sortDescriptor={{
            column: order.column,
            direction: order.descending ? 'descending' : 'ascending',
          }}
          onSortChange={({ column, direction }) =>
            onOrder({ column: column as Name, descending: direction === 'descending' })
          }
        >
          <TableHeader>
            <Column
              id="choice"
              width={choiceWidth}
              minWidth={choiceWidth}
              textValue={allWords}
              className="table-heading table-choice"
            >
              <span className="visually-hidden">{allWords}</span>
              <RowCheckbox />
            </Column>
            {columns.map(({ id, words, width }, index) => (
              <Column
                key={id}
                id={id}
                isRowHeader={index === 0}
                allowsSorting
                textValue={words}
                className={`table-heading table-${id}`}
                {...(typeof width === 'number' ? { width } : { defaultWidth: width })}
              >
                {({ sortDirection }) => <SortLabel words={words} direction={sortDirection} />}
              </Column>
            ))}
          </TableHeader>
          <TableBody items={items} dependencies={[shape]} renderEmptyState={() => empty}>
            {(item) => (
              <Row id={idOf(item)} textValue={visible(nameOf(item))} className="table-row">
                <Cell className="table-cell table-choice">{canChoose(item) && <RowCheckbox />}</Cell>
                {columns.map(({ id }) => (
                  <Cell key={id} className={`table-cell table-${id}`}>
                    {cellOf(item, id)}
                  </Cell>
                ))}
              </Row>
            )}
          </TableBody>
        </Table>
      </Virtualizer>
    </div>
  );
}

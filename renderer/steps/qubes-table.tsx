/** The table of qubes: label and name, type, template and size. */
import { memo } from 'react';
import type { Selection } from 'react-aria-components';
import type { Qube } from '../../shared/backup.ts';
import { visible } from '../../shared/words/formats.ts';
import { lossWords } from '../../shared/words/loss-words.ts';
import { ChoiceTable } from '../components/choice-table.tsx';
import { useMediaQuery } from '../components/media-query.ts';
import { QubeTitle } from '../components/qube-title.tsx';
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

const widths = { name: '2fr', class: '1fr', template: '1fr', size: 144 } as const;

/** Drawn again only when it changes: a search is typed faster than a table is drawn. */
export const QubesTable = memo(function QubesTable({
  qubes,
  chosen,
  onChoose,
  order,
  onOrder,
  emptyWords,
}: QubesTableProps) {
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
    <ChoiceTable
      label={say('qubes.list')}
      allWords={say('qubes.selectAll')}
      rowHeight={44}
      choiceWidth={48}
      columns={columns.map((id) => ({ id, words: say(`qubes.${id}`), width: widths[id] }))}
      order={order}
      onOrder={onOrder}
      items={qubes}
      idOf={({ name }) => name}
      nameOf={({ name }) => name}
      canChoose={canRestore}
      cellOf={(qube, column) => <QubeCell qube={qube} column={column} />}
      selected={allShown && shownNames.size === qubes.length ? 'all' : chosen}
      onSelect={select}
      empty={<p className="table-empty">{emptyWords}</p>}
    />
  );
});

function QubeCell({ qube, column }: { readonly qube: Qube; readonly column: SortColumn }) {
  const { say, size, language } = useSpeech();
  const obstacle = obstacleOf(qube);
  switch (column) {
    case 'name':
      return <QubeTitle name={qube.name} label={qube.label} />;
    case 'class':
      return isDom0(qube) ? say('qubes.dom0Class') : visible(qube.class);
    case 'template':
      return visible(qube.template ?? '–');
    case 'size':
      if (obstacle === null)
        return qube.problems.length === 0 ? (
          size(storedBytesOf(qube))
        ) : (
          <span className="table-incomplete">
            {say('qubes.incomplete', { size: size(storedBytesOf(qube)) })}
          </span>
        );
      return (
        <span className={`table-obstacle obstacle-${obstacle}`}>
          {obstacle === 'not-included' ? say('qubes.notIncluded') : lossWords[language][obstacle]}
        </span>
      );
  }
}

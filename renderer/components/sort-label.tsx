/** The words of a column's heading, with the arrow of the way in which it sorts. */
import { ArrowDown, ArrowUp } from 'lucide-react';

export function SortLabel({
  words,
  direction,
}: {
  readonly words: string;
  readonly direction: 'ascending' | 'descending' | undefined;
}) {
  return (
    <span className="table-sort">
      {words}
      {direction === 'ascending' && <ArrowUp className="icon icon-small" aria-hidden />}
      {direction === 'descending' && <ArrowDown className="icon icon-small" aria-hidden />}
    </span>
  );
}

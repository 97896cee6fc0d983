/** The list of qubes as it is shown: what can be restored, how much it is, found and in order. */
import type { Inventory, Qube, QubeLoss } from '../../shared/backup.ts';

/** dom0 comes as a folder, the home of its user, and not as images of disks. */
export function isDom0(qube: Pick<Qube, 'name'>): boolean {
  return qube.name === 'dom0';
}

/** Why a qube cannot be chosen, or null. */
export function obstacleOf({ included, lost }: Qube): 'not-included' | QubeLoss | null {
  return included ? lost : 'not-included';
}

export function canRestore(qube: Qube): boolean {
  return obstacleOf(qube) === null;
}

/** Those of `wanted` that can be restored. */
export function restorableOf({ qubes }: Inventory, wanted: ReadonlySet<string>): ReadonlySet<string> {
  return new Set(qubes.filter((qube) => canRestore(qube) && wanted.has(qube.name)).map(({ name }) => name));
}

/** The qubes that the backup should have and has nothing of. */
export function lostOf({ qubes }: Inventory): readonly Qube[] {
  return qubes.filter(({ lost }) => lost !== null);
}

/**
 * Names of the qubes to ask for where `chosen` are wanted. Who takes all that can be restored wants the whole backup: the
 * lost ones are asked for with them, so that they count in the outcome.
 */
export function wantedOf(inventory: Inventory, chosen: ReadonlySet<string>): readonly string[] {
  const isAll = inventory.qubes.every((qube) => !canRestore(qube) || chosen.has(qube.name));
  return [...chosen, ...(isAll ? lostOf(inventory).map(({ name }) => name) : [])];
}

/** Bytes that the backup holds of a qube, as they are stored. */
export function storedBytesOf(qube: Qube): number {
  return qube.files.reduce((sum, file) => sum + file.storedBytes, 0);
}

/** How many qubes are chosen, and the bytes that the backup holds of them. */
export function totalOf(
  qubes: readonly Qube[],
  chosen: ReadonlySet<string>,
): { count: number; bytes: number } {
  const picked = qubes.filter(({ name }) => chosen.has(name));
  return { count: picked.length, bytes: picked.reduce((sum, qube) => sum + storedBytesOf(qube), 0) };
}

export const sortColumns = ['name', 'class', 'template', 'size'] as const;
export type SortColumn = (typeof sortColumns)[number];

export interface QubeOrder {
  readonly column: SortColumn;
  readonly descending: boolean;
}

/** The qubes that match `search`, in `order`; behind them in every order those that are lost, then those never backed up. */
export function arrange(
  qubes: readonly Qube[],
  search: string,
  order: QubeOrder,
  locale: string,
): readonly Qube[] {
  const collator = new Intl.Collator(locale, { numeric: true, sensitivity: 'base' });
  const wanted = search.trim().toLocaleLowerCase(locale);
  const matches = (qube: Qube) =>
    [qube.name, qube.class, qube.label, qube.template ?? ''].some((text) =>
      text.toLocaleLowerCase(locale).includes(wanted),
    );
  const rank = (qube: Qube) => (canRestore(qube) ? 0 : qube.lost ? 1 : 2);
  const compare = (a: Qube, b: Qube): number => {
    switch (order.column) {
      case 'name':
        return 0;
      case 'class':
        return collator.compare(a.class, b.class);
      case 'template':
        return collator.compare(a.template ?? '', b.template ?? '');
      case 'size':
        return storedBytesOf(a) - storedBytesOf(b);
    }
  };
  const direction = order.descending ? -1 : 1;
  return qubes
    .filter(matches)
    .sort(
      (a, b) =>
        rank(a) - rank(b) ||
        direction * compare(a, b) ||
        (order.column === 'name' ? direction : 1) * collator.compare(a.name, b.name),
    );
}

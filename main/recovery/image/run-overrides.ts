/** Runs of a file's blocks of which some were mapped anew since. */
import type { Run } from './block-map.ts';

/**
 * What a list of changes amounts to: ascending runs that do not overlap, in which the later change prevails.
 *
 * The newest change is painted first, on the segments between all ends of changes. `free` leads from a painted
 * segment to the next that is not, so that each is passed over but once, however many changes there are.
 */
export function flattened(changes: readonly Run[]): readonly Run[] {
  const ends = changes.flatMap(({ logical, length }) => [logical, logical + length]);
  const borders = [...new Set(ends)].sort((one, other) => one - other);
  const segmentAt = new Map(borders.map((border, segment) => [border, segment]));
  const free = borders.map((_, segment) => segment);
  const firstFree = (segment: number): number => {
    let found = segment;
    while ((free[found] ?? found) !== found) found = free[found] ?? found;
    for (let at = segment; at !== found;) {
      const next = free[at] ?? found;
      free[at] = found;
      at = next;
    }
    return found;
  };
  const painted: Run[] = [];
  for (const { logical, physical, length } of changes.toReversed()) {
    const stop = segmentAt.get(logical + length) ?? 0;
    for (let segment = firstFree(segmentAt.get(logical) ?? 0); segment < stop; segment = firstFree(segment)) {
      const start = borders[segment] ?? logical;
      painted.push({
        logical: start,
        physical: physical === null ? null : physical + start - logical,
        length: (borders[segment + 1] ?? start) - start,
      });
      free[segment] = segment + 1;
    }
  }
  return painted.sort((one, other) => one.logical - other.logical);
}

/**
 * Ascending runs with others in their place where those apply. The result ascends too; where a run goes on
 * under an override that came before it, the override counts.
 */
export async function* overriddenRuns(
  runs: AsyncIterable<Run>,
  overrides: readonly Run[],
): AsyncGenerator<Run, void, undefined> {
  let next = 0;
  let at = 0;
  for await (const run of runs) {
    const end = run.logical + run.length;
    for (let override = overrides[next]; override && override.logical < end; override = overrides[++next]) {
      yield* part(run, at, override.logical);
      yield override;
      at = override.logical + override.length;
    }
    yield* part(run, at, end);
  }
  yield* overrides.slice(next);
}

/** The part of a run between two blocks of the file, if there is one. */
function part(run: Run, from: number, to: number): Run[] {
  const start = Math.max(run.logical, from);
  const end = Math.min(run.logical + run.length, to);
  if (start >= end) return [];
  return [
    {
      logical: start,
      physical: run.physical === null ? null : run.physical + start - run.logical,
      length: end - start,
    },
  ];
}

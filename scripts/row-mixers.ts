/**
 * Writes the innermost part of the SMix kernel, the row mixers, as AssemblyScript: it can neither unroll a loop nor
 * keep an array in registers.
 */

/** scryptBlockMix (RFC 7914, section 4) of one row of each of 1 to 4 lanes, and the same of the sum of two rows. */
export function rowMixers(): string {
  const sets = [1, 2, 3, 4].map((count) => Array.from({ length: count }, (_, index) => index));
  return [
    "import { Lane } from './lane';",
    ...sets.flatMap((lanes) => [rowMixer(lanes, false), rowMixer(lanes, true)]),
  ].join('\n');
}

/**
 * One row mixer. Per lane `i`: `in_i` and `plus_i` walk the rows that come in, `out_i` and `next_i` the places of the
 * even and odd blocks going out, `x_i_0` to `x_i_3` are the chained block, `y_i_0` to `y_i_3` Salsa20/8's working
 * state.
 */
function rowMixer(lanes: readonly number[], adds: boolean): string {
  const quarters = [0, 1, 2, 3];
  const perLane = (line: (lane: number) => string) => lanes.map(line);
  const perQuarter = (line: (lane: number, quarter: number) => string) =>
    lanes.flatMap((lane) => quarters.map((quarter) => line(lane, quarter)));

  return [
    `export function ${adds ? 'addAndBlockMix' : 'blockMix'}${lanes.length}` +
      `(r: u32, ${lanes.map((i) => `lane${i}: Lane`).join(', ')}): void {`,
    'const lastBlock: usize = (<usize>r << 7) - 64; let sum: v128;',
    ...perLane(
      (i) => `let in_${i} = lane${i}.from, out_${i} = lane${i}.to, next_${i} = out_${i} + (<usize>r << 6);`,
    ),
    ...(adds ? perLane((i) => `let plus_${i} = lane${i}.added;`) : []),
    ...perQuarter((i, q) => {
      const last = `v128.load(in_${i} + lastBlock, ${16 * q})`;
      return `let x_${i}_${q} = ${adds ? `v128.xor(${last}, v128.load(plus_${i} + lastBlock, ${16 * q}))` : last};`;
    }),

    ...(adds ? touch(lanes) : []),
    'for (let blocks = r << 1; blocks > 0; blocks--) {',
    ...perQuarter((i, q) => `x_${i}_${q} = v128.xor(x_${i}_${q}, v128.load(in_${i}, ${16 * q}));`),
    ...(adds
      ? perQuarter((i, q) => `x_${i}_${q} = v128.xor(x_${i}_${q}, v128.load(plus_${i}, ${16 * q}));`)
      : []),
    ...perQuarter((i, q) => `let y_${i}_${q} = x_${i}_${q};`),
    ...[1, 2, 3, 4].flatMap(() => [...round(lanes, [0, 1, 2, 3]), ...round(lanes, [0, 3, 2, 1])]),
    ...perQuarter((i, q) => `x_${i}_${q} = i32x4.add(x_${i}_${q}, y_${i}_${q});`),
    ...perQuarter((i, q) => `v128.store(out_${i}, x_${i}_${q}, ${16 * q});`),
    ...perLane(
      (i) => `in_${i} += 64; { const even = out_${i} + 64; out_${i} = next_${i}; next_${i} = even; }`,
    ),
    ...(adds ? perLane((i) => `plus_${i} += 64;`) : []),
    '}}',
  ].join('\n');
}

/**
 * Touches each line of the rows to be added, which lie anywhere in memory, before the first is needed: so the processor
 * fetches them all at once, and the mixing waits for one of them instead of for each. Of longer rows than Qubes' the
 * rest is fetched in time as it is.
 */
function touch(lanes: readonly number[]): string[] {
  return [
    'for (let line: usize = 0, end = min<usize>(lastBlock, 2048); line <= end; line += 64) {',
    ...lanes.map((i) => `load<u8>(plus_${i} + line);`),
    '}',
  ];
}

/**
 * One round of Salsa20 on rows `a`, `b`, `c`, `d` of each lane's state, and the turn of the rows that lines the next
 * round up. The lanes alternate by the step, so that each waits for itself while the others work.
 */
function round(lanes: readonly number[], [a, b, c, d]: readonly [number, number, number, number]): string[] {
  const step = (target: number, left: number, right: number, distance: number) =>
    lanes.map(
      (i) =>
        `sum = i32x4.add(y_${i}_${left}, y_${i}_${right});` +
        `y_${i}_${target} = v128.xor(y_${i}_${target}, i32x4.shl(sum, ${distance}));` +
        `y_${i}_${target} = v128.xor(y_${i}_${target}, i32x4.shr_u(sum, ${32 - distance}));`,
    );
  const turn = (row: number, by: number) =>
    lanes.map((i) => {
      const order = [0, 1, 2, 3].map((word) => (word + by) % 4).join(', ');
      return `y_${i}_${row} = v128.shuffle<i32>(y_${i}_${row}, y_${i}_${row}, ${order});`;
    });
  return [
    ...step(b, a, d, 7),
    ...step(c, b, a, 9),
    ...step(d, c, b, 13),
    ...step(a, d, c, 18),
    ...turn(b, 3),
    ...turn(c, 2),
    ...turn(d, 1),
  ];
}

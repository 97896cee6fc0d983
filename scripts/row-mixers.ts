/**
 * Writes the innermost part of the SMix kernel, the row mixers, as AssemblyScript: it can neither unroll a loop nor
 * keep an array in registers.
 */

/**
 * scryptBlockMix (RFC 7914, section 4) of one row of each of so many lanes, `blockMix`, and the same of the sum of two
 * rows, `addAndBlockMix`.
 */
export function rowMixers(maxLanes: number): string {
  const counts = Array.from({ length: maxLanes }, (_, index) => index + 1);
  return [
    "import { Lane, joinedBlocks, laneAt } from './lane';",
    ...['blockMix', 'addAndBlockMix'].flatMap((name) => [
      ...counts.map((count) => rowMixer(name, count)),
      `export function ${name}(count: u32, r: u32): void {`,
      ...counts.map((count) => `if (count == ${count}) ${name}${count}(r);`),
      '}',
    ]),
  ].join('\n');
}

/**
 * One row mixer. Per lane `i`: `in_i` and `plus_i` walk the rows that come in, `out_i` and `next_i` the places of the
 * even and odd blocks going out, `x_i_0` to `x_i_3` are the chained block, `y_i_0` to `y_i_3` Salsa20/8's working
 * state.
 */
function rowMixer(name: string, count: number): string {
  const adds = name === 'addAndBlockMix';
  const lanes = Array.from({ length: count }, (_, index) => index);
  const quarters = [0, 1, 2, 3];
  const perLane = (line: (lane: number) => string) => lanes.map(line);
  const perQuarter = (line: (lane: number, quarter: number) => string) =>
    lanes.flatMap((lane) => quarters.map((quarter) => line(lane, quarter)));

  return [
    `function ${name}${count}(r: u32): void {`,
    ...perLane((i) => `const lane${i} = laneAt(${i});`),
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
    '}',
    ...join(lanes, quarters),
    '}',
  ].join('\n');
}

/**
 * Writes the last blocks of two lanes each between one another. Nobody reads them: it shows V8 that what led to two
 * neighbours can be done in one register of 256 bits, see `compiler-options.ts` of the mixer.
 */
function join(lanes: readonly number[], quarters: readonly number[]): string[] {
  return lanes
    .filter((lane) => lane % 2 === 1)
    .flatMap((lane) =>
      quarters.flatMap((quarter) =>
        [lane - 1, lane].map(
          (i) =>
            `v128.store(joinedBlocks(), x_${i}_${quarter}, ${64 * (lane - 1) + 32 * quarter + 16 * (i % 2)});`,
        ),
      ),
    );
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

/** The names at which unfinished files grow beside their places, and what was saved of damaged ones stays. */

/** What is appended to the name of everything that is not finished yet. */
export const partialSuffix = '.partial';

/** What is appended to that of a file of which parts are lost, for the map that says which. */
export const mapSuffix = '.map';

/** What is appended to it for a piece of a file whose place in it nobody knows, counted from 1 on. */
export function pieceSuffix(number: number): string {
  return `.piece-${number}`;
}

/** Pieces that are saved of one file at most. */
export const mostPieces = 99;

/** What stands in the place of `.partial` for what an earlier restore left, while the file is restored again. */
export function asideSuffix(number: number): string {
  return number === 1 ? '.earlier' : `.earlier-${number}`;
}

/** The longest of these endings. */
export const longestEnding = partialSuffix + pieceSuffix(mostPieces) + mapSuffix;

const unfinished = /\.(?:partial|earlier(?:-\d+)?)(?:\.piece-\d+)?(?:\.map)?$/;

/** Whether a name is one at which something grows beside a file: one would replace the other there. */
export function isUnfinishedName(name: string): boolean {
  return unfinished.test(name);
}

/** The final name of what stands at it, or grows or was saved beside it. */
export function finishedNameOf(path: string): string {
  return path.replace(unfinished, '');
}

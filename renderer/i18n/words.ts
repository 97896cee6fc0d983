/** The shape of the wizard's words, taken from English: every other language has the same keys. */
import type { en } from './en.ts';

type Shape<T> = { readonly [K in keyof T]: T[K] extends string ? string : Shape<T[K]> };

export type UiWords = Shape<typeof en>;

/** `a.b_one` and `a.b_other` are asked for as `a.b`, with a `count`. */
type Unnumbered<K extends string> = K extends `${infer Word}_one` | `${infer Word}_other` ? Word : K;

type Keys<T, Before extends string = ''> = {
  [K in keyof T & string]: T[K] extends string ? `${Before}${Unnumbered<K>}` : Keys<T[K], `${Before}${K}.`>;
}[keyof T & string];

export type WordKey = Keys<typeof en>;

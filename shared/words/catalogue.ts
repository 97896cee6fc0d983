/** The shape of the words of one language: every code of `shared/problems.ts`, explained in three sentences or so. */
import type { ProblemCode } from '../problems.ts';

/**
 * What happened, why it happens, and what a person can do.
 *
 * `{{name}}` stands for a parameter of the code; `{{name, size}}` writes bytes on a drive, `{{name, memory}}`
 * bytes of memory and `{{name, duration}}` seconds.
 */
export interface Words {
  readonly what: string;
  readonly why: string;
  readonly todo: string;
}

export type ProblemCatalogue = Readonly<Record<ProblemCode, Words>>;

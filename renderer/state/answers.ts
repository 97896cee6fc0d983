/** How the wizard takes answers of its backend. */
import type { Result } from '../../shared/contract/define.ts';
import { problemOf } from '../../shared/problems.ts';

/** A broken wire rejects; for the wizard that is one more answer. */
export async function answerOf<T>(answer: Promise<Result<T>>): Promise<Result<T>> {
  try {
    return await answer;
  } catch (thrown) {
    return { ok: false, problem: problemOf(thrown) };
  }
}

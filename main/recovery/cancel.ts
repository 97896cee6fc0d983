/** Waiting that ends at once when somebody cancels. */
import { problem, RecoveryError } from '../../shared/problems.ts';
import { deferred } from './deferred.ts';

/**
 * What `promise` resolves to. When `signal` aborts first, rejects at once and ignores what becomes of the promise.
 *
 * @throws RecoveryError `cancelled`
 */
export async function unlessCancelled<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: ended, reject } = deferred<never>();
  const cancel = () => reject(cancelled());
  signal.addEventListener('abort', cancel, { once: true });
  if (signal.aborted) cancel();
  try {
    return await Promise.race([promise, ended]);
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

/** The error of everything that was cancelled. */
export function cancelled(): RecoveryError {
  return new RecoveryError(problem('cancelled'));
}

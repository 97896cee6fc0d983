/** Gates for tests that a real program judges: skipped with the reason shown where the program is missing. */
import { describe, test, type TestContext } from 'vitest';
import { missingTools } from './tools.ts';

/** What a gate opens: vitest's own `describe` and `test`, or forms of them that skip or fail. */
export interface Oracle {
  readonly describe: (name: string, body: () => void) => void;
  readonly test: (
    name: string,
    body: (context: TestContext) => Promise<void> | void,
    timeout?: number,
  ) => void;
}

/**
 * The gate of tests that need all of `tools`: `oracle('scrypt', 'mkfs.ext4').test('opens …', …)`.
 *
 * On a developer's machine a missing program skips the tests and its name shows in theirs. With `CI=true` they
 * fail, because a skipped judge there would look like an acquittal.
 */
export function oracle(...tools: readonly string[]): Oracle {
  return gate(missingTools(...tools));
}

/** As `oracle`, where it is known already what is `missing`. */
export function gate(missing: readonly string[]): Oracle {
  if (missing.length === 0) {
    return {
      describe: (name, body) => describe(name, body),
      test: (name, body, timeout) => test(name, body, timeout),
    };
  }
  const reason = `needs ${missing.join(', ')}`;
  if (process.env['CI'] === 'true') {
    const refuse = (name: string) =>
      test(name, () => {
        throw new Error(`this test ${reason}`);
      });
    return { describe: refuse, test: refuse };
  }
  return skipped(reason);
}

/** The gate of tests that cannot run here for want of something that is no program to install, such as root. */
export function skipped(reason: string): Oracle {
  return {
    describe: (name, body) => describe.skip(`${name} (skipped: ${reason})`, body),
    test: (name, body) => test.skip(`${name} (skipped: ${reason})`, body),
  };
}

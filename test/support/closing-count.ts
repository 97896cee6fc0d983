/** A reporter that closes the run with one plain line of counts, and names every skipped test with its reason. */
import type { Reporter, TestCase, TestModule } from 'vitest/node';

export default class ClosingCount implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    const broken = modules.filter((module) => module.state() === 'failed' && !hasTests(module)).length;
    for (const test of tests.filter((test) => test.result().state === 'skipped')) {
      console.log(`skipped: ${test.fullName}${reasonOf(test)}`);
    }
    console.log(
      `\n${count('passed')} passed, ${count('failed') + broken} failed, ${count('skipped')} skipped`,
    );
  }
}

/** A file that failed before its tests were known counts as one failure. */
function hasTests(module: TestModule): boolean {
  return !module.children.allTests().next().done;
}

function reasonOf(test: TestCase): string {
  const result = test.result();
  return result.state === 'skipped' && result.note ? ` (${result.note})` : '';
}

/**
 * Drops the log of a test file unless one of its tests failed: the expected errors of passing tests would hide the
 * unexpected ones. It must precede Jest's own reporter, which prints the remaining logs.
 */
export default class QuietReporter {
  onTestResult(_test, result) {
    if (result.numFailingTests === 0 && !result.testExecError) result.console = undefined;
  }
}

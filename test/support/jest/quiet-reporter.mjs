/**
 * Drops what the tests of a file logged, unless one of them failed: the expected errors of tests that pass would hide the
 * unexpected ones. It must come before Jest's own reporter, which prints what is left.
 */
export default class QuietReporter {
  onTestResult(_test, result) {
    if (result.numFailingTests === 0 && !result.testExecError) result.console = undefined;
  }
}

/** Prints at the end how many tests were skipped for each reason. `describeWhere()` adds the reason to the title. */
export default class SkipsReporter {
  #isFiltered;

  constructor({ testNamePattern }) {
    this.#isFiltered = Boolean(testNamePattern); // then Jest skips most tests, on purpose
  }

  onRunComplete(_contexts, { testResults: files }) {
    const counts = new Map();
    for (const { status, fullName } of files.flatMap(({ testResults }) => testResults)) {
      const [, need] = /\[needs (.+?)\]/.exec(fullName) ?? [];
      if (status !== 'pending' || (need === undefined && this.#isFiltered)) continue;
      const reason = need === undefined ? `no reason given: ${fullName}` : `needs ${need}`;
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
    }
    const lines = Array.from(counts, ([reason, count]) => `SKIPPED: ${count} tests: ${reason}\n`);
    process.once('exit', () => process.stderr.write(lines.join(''))); // after the coverage and Jest's own summary
  }
}

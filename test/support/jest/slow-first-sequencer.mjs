import Sequencer from '@jest/test-sequencer';

/** The longest test files, longest first: one that began last would run alone in the end. */
const SLOW = ['fuzz/fuzz', 'e2e/showcase.browser', 'docs/docs', 'cluster/', 'e2e/cluster', 'remote-app/device-login'];

/** Jest knows how long a file takes from its cache; a clean clone has none. */
export default class SlowFirstSequencer extends Sequencer {
  sort(tests) {
    return super.sort(tests).toSorted((a, b) => rank(a) - rank(b));
  }
}

function rank({ path }) {
  const at = SLOW.findIndex((part) => path.includes(`/test/${part}`));
  return at < 0 ? SLOW.length : at;
}

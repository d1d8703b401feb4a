import Sequencer from '@jest/test-sequencer';

/** The slowest test files, slowest first: a slow file that started last would run alone at the end. */
const SLOW = ['fuzz/fuzz', 'e2e/showcase.browser', 'docs/docs', 'cluster/', 'e2e/cluster', 'remote-app/device-login'];

/** Runs slow files first without Jest's cache of durations, which a clean clone does not have. */
export default class SlowFirstSequencer extends Sequencer {
  sort(tests) {
    return super.sort(tests).toSorted((a, b) => rank(a) - rank(b));
  }
}

function rank({ path }) {
  const at = SLOW.findIndex((part) => path.includes(`/test/${part}`));
  return at < 0 ? SLOW.length : at;
}

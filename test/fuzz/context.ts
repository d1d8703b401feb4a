import type { HostileProvider } from './hostile-provider.js';
import type { Site } from './site.js';

/** The context of a case. */
export interface FuzzContext {
  provider: HostileProvider;
  sites: readonly Site[];
  /** Returns the newest error in the log. */
  lastError: () => string;
}

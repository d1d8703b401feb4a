import type { HostileProvider } from './hostile-provider.js';
import type { Site } from './site.js';

/** What a case runs with. */
export interface FuzzContext {
  provider: HostileProvider;
  sites: readonly Site[];
  /** The newest error in the log. */
  lastError: () => string;
}

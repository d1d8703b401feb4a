import { checkSettings, insecureUrlFaults } from './check-settings.js';
import type { CheckedClient, ClientOrigin } from './client-config.js';
import { Compliance, type ComplianceFix } from './compliance-fix.js';
import { runTimeHttpFaults } from './http-options.js';
import { impersonationFaults } from './issuer-faults.js';
import { schemaFaults } from './schema-faults.js';
import { protocolOf, type Settings } from './setting-keys.js';
import { SCHEMAS } from './settings-schema.js';
import { sizeFaults } from './settings-size.js';

/** How many faults of one client are listed. */
const MOST_FAULTS = 20;

/** Every fault of the settings of one client: one sentence each, beginning with name and key, without any value. */
export interface Faults {
  readonly faults: readonly string[];
}

/**
 * Reads the settings of one client: the only place where they are parsed, and where its `complianceFix` is called.
 * @param known what the `complianceFix` registered when it was called before, for the same client
 */
export function readClient(
  { name, registeredAtRunTime, allowInsecureHosts }: ClientOrigin,
  settings: Settings,
  known?: Compliance,
): CheckedClient | Faults {
  const refused = registeredAtRunTime
    ? [...impersonationFaults(name, settings), ...runTimeHttpFaults(name, settings)]
    : [];
  const tooLarge = sizeFaults(settings);
  if (tooLarge.length > 0) return { faults: [...listed(name, tooLarge), ...refused] };
  const protocol = protocolOf(settings);
  const compliance = known ?? complianceOf(settings);
  const { data, error } = SCHEMAS[protocol].schema.safeParse(settings);
  const faults = [
    ...schemaFaults(error?.issues ?? [], settings, protocol),
    ...insecureUrlFaults(settings, allowInsecureHosts),
    ...(typeof compliance === 'string' ? [compliance] : checkSettings(protocol, settings, compliance)),
  ];
  const isGood = data !== undefined && typeof compliance === 'object' && faults.length + refused.length === 0;
  if (!isGood) return { faults: [...listed(name, faults), ...refused] };
  return { name, registeredAtRunTime, allowInsecureHosts, settings: data, compliance };
}

function listed(name: string, faults: readonly string[]): string[] {
  const more = faults.length - MOST_FAULTS;
  const shown = faults.slice(0, MOST_FAULTS).map((fault) => `${name}.${fault}`);
  return more > 0 ? [...shown, `${name}: ${more} more faults are not listed`] : shown;
}

/** The same for all clients without a `complianceFix`. */
const NOTHING = new Compliance();

/** Calls `complianceFix`. Returns what it registered, or the fault when it throws. */
function complianceOf({ complianceFix: fix }: Settings): Compliance | string {
  if (typeof fix !== 'function') return NOTHING;
  try {
    return new Compliance(fix as ComplianceFix);
  } catch (error) {
    return `compliance_fix: ${error instanceof RangeError ? error.message : 'threw an error when it was called'}`;
  }
}

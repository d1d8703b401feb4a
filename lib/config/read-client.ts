import { checkSettings, insecureUrlFaults } from './check-settings.js';
import type { CheckedClient, ClientOrigin } from './client-config.js';
import { Compliance, type ComplianceFix } from './compliance-fix.js';
import { runTimeHttpFaults } from './http-options.js';
import { impersonationFaults } from './issuer-faults.js';
import { parseProfile } from './profile-faults.js';
import { schemaFaults } from './schema-faults.js';
import { runTimeKeyFileFaults, withSecretKeyFile } from './secret-key-file.js';
import { protocolOf, type Settings } from './setting-keys.js';
import { SCHEMAS } from './settings-schema.js';
import { sizeFaults } from './settings-size.js';

/** Maximum number of listed faults per client. */
const MAX_FAULTS = 20;

/** The faults in the settings of one client. Each is one sentence that begins with the name and the key, and contains no value. */
export interface Faults {
  readonly faults: readonly string[];
}

/**
 * Returns a client with checked settings, or the faults of the settings. Only this function parses the settings and calls
 * `complianceFix`.
 * @param known the result of an earlier call of the client's `complianceFix`
 */
export function readClient(
  { name, registeredAtRunTime, allowInsecureHosts, isPublicOnly }: ClientOrigin,
  given: Settings,
  known?: Compliance,
): CheckedClient | Faults {
  const refused = registeredAtRunTime
    ? [...impersonationFaults(name, given), ...runTimeHttpFaults(name, given), ...runTimeKeyFileFaults(name, given)]
    : [];
  const tooLarge = sizeFaults(given);
  if (tooLarge.length > 0) return { faults: [...listed(name, tooLarge), ...refused] };
  const settings = registeredAtRunTime ? given : withSecretKeyFile(given);
  if (typeof settings === 'string') return { faults: [`${name}.${settings}`] };
  const protocol = protocolOf(settings);
  const compliance = known ?? complianceOf(settings);
  const { data, error } = SCHEMAS[protocol].schema.safeParse(settings);
  const profile = data ? data.profile : parseProfile(settings); // its own faults are reported beside those of other settings
  const faults = [
    ...schemaFaults(error?.issues ?? [], settings, protocol),
    ...insecureUrlFaults(settings, profile, allowInsecureHosts),
    ...(typeof compliance === 'string' ? [compliance] : checkSettings(protocol, settings, { profile, compliance })),
  ];
  const isGood = data !== undefined && typeof compliance === 'object' && faults.length + refused.length === 0;
  if (!isGood) return { faults: [...listed(name, faults), ...refused] };
  return { name, registeredAtRunTime, allowInsecureHosts, isPublicOnly, settings: data, compliance };
}

function listed(name: string, faults: readonly string[]): string[] {
  const more = faults.length - MAX_FAULTS;
  const shown = faults.slice(0, MAX_FAULTS).map((fault) => `${name}.${fault}`);
  return more > 0 ? [...shown, `${name}: ${more} more faults are not listed`] : shown;
}

/** Shared by all clients without a `complianceFix`. */
const NO_COMPLIANCE = new Compliance();

/** Calls `complianceFix`. Returns the registered hooks and methods, or a fault if it throws. */
function complianceOf({ complianceFix: fix }: Settings): Compliance | string {
  if (typeof fix !== 'function') return NO_COMPLIANCE;
  try {
    return new Compliance(fix as ComplianceFix);
  } catch (error) {
    return `compliance_fix: ${error instanceof RangeError ? error.message : 'threw an error when it was called'}`;
  }
}

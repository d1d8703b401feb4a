import type { RemoteAppContext } from '../remote-app/remote-app-context.js';
import type { ResolverContext } from './resolved-clients.js';

/** Options and stores of the module that the registry and its apps use. */
export interface RegistryContext extends RemoteAppContext, Pick<ResolverContext, 'resolveClient'> {
  /** Lets clients with `allowInsecureHttp` use http for hosts other than this machine. @default false */
  readonly allowInsecureHttp?: boolean;
  /** Whether clients that are registered at run time connect to public addresses only. */
  readonly blockPrivateNetworks?: boolean;
  /** Whether the clients of `resolveClient` may also connect to other addresses. */
  readonly allowPrivateNetwork?: boolean;
}

import dns from 'node:dns';
import { Agent as HttpAgent, type AgentOptions, type ClientRequestArgs } from 'node:http';
import { Agent as HttpsAgent, type AgentOptions as HttpsAgentOptions } from 'node:https';
import { isIP, Socket, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

/** The error code of a connection that was refused because its address is not public. */
export const PRIVATE_ADDRESS = 'ERR_PRIVATE_ADDRESS';

/** Global unicast addresses (RFC 4291 §2.4). Any other IPv6 address is special, such as one that embeds an IPv4 address. */
const GLOBAL_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3');

/** The host of a virtual machine in Azure. Only that machine can reach it. */
const AZURE_HOST = '168.63.129.16';

type Created = (error: Error | null, socket: Socket) => void;
interface Connection extends ClientRequestArgs {
  lookup?: LookupFunction;
}

/** Returns whether an address is public: not private, loopback, link-local, shared, reserved or multicast. */
function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  if (address === AZURE_HOST) return false;
  const parsed = ipaddr.parse(address);
  return parsed.range() === 'unicast' && (parsed instanceof ipaddr.IPv4 || parsed.match(GLOBAL_IPV6));
}

/**
 * An agent that connects to public addresses only. It checks the resolved address of every connection, so neither a redirect
 * nor a changed DNS record can lead to a private address.
 */
export class PublicHttpAgent extends HttpAgent {
  readonly #allowed: readonly string[];

  /** @param allowed addresses that are allowed although they are not public */
  constructor(options: AgentOptions, allowed: readonly string[] = []) {
    super(options);
    this.#allowed = allowed;
  }

  override createConnection(options: Connection, created?: Created): Socket {
    const refused = refusedHost(options, this.#allowed, created);
    if (refused) return refused;
    return super.createConnection(guarded(options, this.#allowed), created as never) as Socket;
  }
}

/** The agent for https; see {@link PublicHttpAgent}. */
export class PublicHttpsAgent extends HttpsAgent {
  readonly #allowed: readonly string[];

  constructor(options: HttpsAgentOptions, allowed: readonly string[] = []) {
    super(options);
    this.#allowed = allowed;
  }

  override createConnection(options: Connection, created?: Created): Socket {
    const refused = refusedHost(options, this.#allowed, created);
    if (refused) return refused;
    return super.createConnection(guarded(options, this.#allowed), created as never) as Socket;
  }
}

/** Refuses a host that is an IP address, for which Node does no lookup. Passes the error and an unused socket to the agent. */
function refusedHost({ host }: Connection, allowed: readonly string[], created?: Created): Socket | undefined {
  if (!host || isIP(host) === 0 || isReachable(host, allowed)) return undefined;
  const socket = new Socket();
  created?.(refusal(), socket);
  return socket.destroy();
}

/** Adds the address check to the lookup. Removes the paths, which would open a Unix socket. */
function guarded(options: Connection, allowed: readonly string[]): Connection {
  const { lookup = dns.lookup } = options;
  return {
    ...options,
    path: null,
    socketPath: undefined,
    lookup: (hostname, wanted, done) =>
      lookup(hostname, wanted, (error, found, family) => {
        done(error ?? refusalOf(found, allowed), found, family);
      }),
  };
}

/** Returns an error unless all addresses of a name are allowed, because Node tries one after the other. */
function refusalOf(found: string | dns.LookupAddress[], allowed: readonly string[]): Error | null {
  const addresses = typeof found === 'string' ? [found] : found.map(({ address }) => address);
  return addresses.every((address) => isReachable(address, allowed)) ? null : refusal();
}

function isReachable(address: string, allowed: readonly string[]): boolean {
  return allowed.includes(address) || isPublicAddress(address);
}

function refusal(): Error {
  return Object.assign(new Error('the address is not public'), { code: PRIVATE_ADDRESS });
}

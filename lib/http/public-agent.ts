import dns from 'node:dns';
import { Agent as HttpAgent, type AgentOptions, type ClientRequestArgs } from 'node:http';
import { Agent as HttpsAgent, type AgentOptions as HttpsAgentOptions } from 'node:https';
import { isIP, Socket, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

/** The code of the error of a connection that was refused. */
export const PRIVATE_ADDRESS = 'ERR_PRIVATE_ADDRESS';

/** Addresses of the internet (RFC 4291 §2.4): whatever is not among them is special, such as an IPv4 address in disguise. */
const GLOBAL_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3');

/** The host of a virtual machine of Azure, which answers to that machine alone. */
const AZURE_HOST = '168.63.129.16';

type Created = (error: Error | null, socket: Socket) => void;
interface Connection extends ClientRequestArgs {
  lookup?: LookupFunction;
}

/** Whether an address is one of the internet: not private, loopback, link-local, shared, reserved or multicast. */
function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  if (address === AZURE_HOST) return false;
  const parsed = ipaddr.parse(address);
  return parsed.range() === 'unicast' && (parsed instanceof ipaddr.IPv4 || parsed.match(GLOBAL_IPV6));
}

/**
 * An agent that connects to public addresses only. It checks the address of every connection, after the name was resolved,
 * so neither a redirect nor a DNS record that changes leads to another.
 */
export class PublicHttpAgent extends HttpAgent {
  readonly #allowed: readonly string[];

  /** @param allowed addresses that are reached although they are not public */
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

/** The same for https. */
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

/** Refuses a host that is an address, which no lookup would see: the agent is given the error, and a socket that is unused. */
function refusedHost({ host }: Connection, allowed: readonly string[], created?: Created): Socket | undefined {
  if (!host || isIP(host) === 0 || isReachable(host, allowed)) return undefined;
  const socket = new Socket();
  created?.(refusal(), socket);
  return socket.destroy();
}

/** A path would be a Unix socket. */
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

/** A name may have several addresses, of which Node tries one after the other. */
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

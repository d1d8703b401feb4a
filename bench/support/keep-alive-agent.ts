import { Agent } from 'node:http';

/** Returns an agent that reuses its connections, and that closes an idle connection before the server does (`timeout`). */
export function keepAliveAgent(maxSockets: number): Agent {
  return new Agent({ keepAlive: true, maxSockets, timeout: 5000 });
}

import { Agent } from 'node:http';

/** An agent that keeps connections alive, and counts the connections that it creates. */
export class CountingAgent extends Agent {
  connections = 0;

  constructor() {
    super({ keepAlive: true });
  }

  override createConnection(...options: Parameters<Agent['createConnection']>): ReturnType<Agent['createConnection']> {
    this.connections += 1;
    return super.createConnection(...options);
  }
}

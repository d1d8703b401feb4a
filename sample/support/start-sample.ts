import { once } from 'node:events';
import { createServer } from 'node:net';

const HIGHEST_PORT = 65_535;

/**
 * Starts a sample on `PORT` (3000 by default), and prints its URL. If the port cannot be used, prints how to choose another port,
 * without a stack trace, and exits.
 *
 * @param command what the user typed, such as `npm start`
 * @param start starts the sample; resolves with its URL
 */
export async function startSample(command: string, start: (port: number) => Promise<string>): Promise<void> {
  const { PORT = '3000' } = process.env;
  const port = Number(PORT);
  const advice = `Choose another port: PORT=3001 ${command}`;
  if (!/^\d+$/.test(PORT) || port > HIGHEST_PORT) {
    exitWith(`PORT is ${JSON.stringify(PORT)}: expected a number up to ${HIGHEST_PORT}. ${advice}`);
  }
  try {
    await requireFreePort(port); // before the start, which takes seconds
    const url = await start(port);
    console.log(`\n  Open ${url} and sign in as ada (password ada) or grace (password grace).\n`);
  } catch (error) {
    const fault = portFault(error);
    exitWith(fault ? `Port ${port} ${fault}. ${advice}` : error instanceof Error ? error.stack : String(error));
  }
}

async function requireFreePort(port: number): Promise<void> {
  const server = createServer().listen(port);
  await once(server, 'listening');
  server.close();
  await once(server, 'close');
}

function portFault(error: unknown): string | undefined {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (syscall !== 'listen') return undefined;
  if (code === 'EADDRINUSE') return 'is taken by another program';
  return code === 'EACCES' ? 'is not open to this user' : undefined;
}

function exitWith(fault = ''): never {
  console.error(`\n  ${fault}\n`);
  process.exit(1);
}

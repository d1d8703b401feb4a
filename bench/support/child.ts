import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** A module of the bench in a separate process. It sends a message when it is ready, and a message in reply to every message. */
export class Child<Ready> {
  private constructor(
    readonly process: ChildProcess,
    /** The first message of the process. */
    readonly ready: Ready,
  ) {}

  static async start<Ready>(module: URL, ...args: string[]): Promise<Child<Ready>> {
    const child = fork(module, args, { execArgv: ['--expose-gc'] });
    return new Child(child, (await nextMessage(child)) as Ready);
  }

  async ask(question: string): Promise<unknown> {
    const answer = nextMessage(this.process);
    this.process.send(question);
    return answer;
  }

  async stop(): Promise<void> {
    if (this.process.exitCode !== null) return;
    const exit = once(this.process, 'exit');
    this.process.kill();
    await exit;
  }
}

async function nextMessage(child: ChildProcess): Promise<unknown> {
  const died = new AbortController();
  const onExit = (code: number | null): void => died.abort(new Error(`${child.spawnfile} exited with ${code}`));
  child.once('exit', onExit);
  try {
    const [message] = (await once(child, 'message', { signal: died.signal })) as [unknown];
    return message;
  } catch (error) {
    throw died.signal.aborted ? died.signal.reason : error;
  } finally {
    child.off('exit', onExit);
  }
}

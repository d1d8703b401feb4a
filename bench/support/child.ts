import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** A module of the bench in a separate process. See `serveParent()`. */
export class Child<Ready = unknown> {
  private constructor(
    private readonly process: ChildProcess,
    /** The first message of the process. */
    readonly ready: Ready,
  ) {}

  /** Starts a module with this process's options of Node, and waits for its first message. */
  static async start<Ready>(module: URL, ...args: string[]): Promise<Child<Ready>> {
    const child = fork(module, args);
    return new Child(child, (await nextMessage(child)) as Ready);
  }

  /** Asks one question. Does not support several questions at a time. */
  async ask(question: string, argument?: unknown): Promise<unknown> {
    const answer = nextMessage(this.process);
    this.process.send({ question, argument });
    return answer;
  }

  async stop(): Promise<void> {
    if (this.process.exitCode !== null) return;
    const exit = once(this.process, 'exit');
    if (this.process.connected) this.process.disconnect();
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

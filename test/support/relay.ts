/**
 * A TCP relay between a client and a server, for tests that claim a number of round trips or bytes, and for slow
 * and broken links.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

import type { RelayAnswer, RelayCommand, RelayCounts, RelayTarget } from './relayMessages';

export interface RelayOptions {
  /** Milliseconds that each chunk waits, each way; none unless told. */
  readonly delayMs?: number;
}

export class Relay implements AsyncDisposable {
  public readonly host = '127.0.0.1';
  private queue: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly child: ChildProcess,
    /** Where it listens. */
    public readonly port: number,
  ) {}

  /** Starts a relay to `target`, in a process of its own. */
  public static async start(target: RelayTarget, options: RelayOptions = {}): Promise<Relay> {
    const child = fork(path.join(__dirname, 'relayProcess.js'), { execArgv: [] });
    const { host, port } = target;
    try {
      const delayMs = options.delayMs ?? 0;
      const answer = await ask(child, { kind: 'listen', target: { host, port }, delayMs });
      return new Relay(child, answer.port);
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  /** What went through since the start or the last {@link reset}. */
  public async counts(): Promise<RelayCounts> {
    return (await this.command({ kind: 'counts' })).counts;
  }

  /** Counts from zero; returns what was counted until then. */
  public async reset(): Promise<RelayCounts> {
    return (await this.command({ kind: 'reset' })).counts;
  }

  /** Breaks every connection with a reset, as a lost network does; new ones are accepted. */
  public async cut(): Promise<void> {
    await this.command({ kind: 'cut' });
  }

  /** Nothing goes through any more, and nobody is told: what arrives waits, also who comes new. */
  public async hold(): Promise<void> {
    await this.command({ kind: 'hold', held: true });
  }

  /** Everything that waited goes on. */
  public async resume(): Promise<void> {
    await this.command({ kind: 'hold', held: false });
  }

  /** Changes the delay for what arrives from now on. */
  public async setDelay(delayMs: number): Promise<void> {
    await this.command({ kind: 'delay', delayMs });
  }

  public async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.child, 'exit');
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.kill('SIGKILL');
      await exited;
    }
  }

  private command(command: RelayCommand): Promise<RelayAnswer> {
    const answer = this.queue.then(() => ask(this.child, command));
    this.queue = answer.catch(() => undefined);
    return answer;
  }
}

async function ask(child: ChildProcess, command: RelayCommand): Promise<RelayAnswer> {
  const over = new AbortController();
  const answered = once(child, 'message', { signal: over.signal });
  const ended = once(child, 'exit', { signal: over.signal }).then(() => {
    throw new Error('The relay has ended');
  });
  try {
    child.send(command);
    const [answer] = (await Promise.race([answered, ended])) as [RelayAnswer];
    return answer;
  } finally {
    // Whichever is still waiting is told, and nobody else listens to it.
    answered.catch(() => undefined);
    ended.catch(() => undefined);
    over.abort();
  }
}

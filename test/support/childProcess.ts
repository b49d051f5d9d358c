/** A child process of a test, in a group of its own, with bounded output; nothing of it outlives the test run. */
import { spawn, type ChildProcess } from 'node:child_process';

import { eventually } from './poll';

/** Characters of output that are kept, the newest. */
const KEPT_OUTPUT = 262_144;

export interface TestProcessOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

const running = new Set<TestProcess>();

process.on('exit', () => {
  for (const child of running) {
    child.kill('SIGKILL');
  }
});

// A test run that is told to stop would skip the handler above.
for (const [signal, code] of [
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  process.once(signal, () => process.exit(code));
}

/** Keeps the newest part of a text that grows. */
class BoundedText {
  private text = '';

  public append(part: string): void {
    this.text = (this.text + part).slice(-KEPT_OUTPUT);
  }

  public toString(): string {
    return this.text;
  }
}

export class TestProcess implements AsyncDisposable {
  /** Exit code; null after a signal. */
  public readonly exited: Promise<number | null>;
  private readonly child: ChildProcess;
  private readonly out = new BoundedText();
  private readonly err = new BoundedText();
  private ended: number | null | undefined;
  private failure: Error | undefined;

  public constructor(command: string, args: readonly string[], options: TestProcessOptions = {}) {
    this.child = spawn(command, [...args], {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    running.add(this);
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => this.out.append(text));
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => this.err.append(text));
    this.exited = new Promise((resolve) => {
      this.child.once('error', (error) => {
        this.failure = error;
        resolve(this.settle(null));
      });
      this.child.once('close', (code) => resolve(this.settle(code)));
    });
  }

  public get pid(): number {
    const { pid } = this.child;
    if (pid === undefined) {
      throw this.failure ?? new Error('The process did not start');
    }
    return pid;
  }

  /** Why the process could not be started, if so. */
  public get startError(): Error | undefined {
    return this.failure;
  }

  public get stdout(): string {
    return this.out.toString();
  }

  public get stderr(): string {
    return this.err.toString();
  }

  public get hasEnded(): boolean {
    return this.ended !== undefined;
  }

  /** Signals the process and all that it has started. */
  public kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    signalGroup(this.child.pid, signal);
  }

  public async [Symbol.asyncDispose](): Promise<void> {
    this.kill('SIGKILL');
    await this.exited;
    await eventually('every process of the group has gone', () => !groupIsAlive(this.child.pid));
  }

  private settle(code: number | null): number | null {
    this.ended = code;
    running.delete(this);
    // What it started may still hold the pipes, and would hold the test run with them.
    this.kill('SIGKILL');
    return code;
  }
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals | 0): boolean {
  if (pid === undefined) {
    return false;
  }
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    // ESRCH: nobody is left to be signalled.
    return false;
  }
}

function groupIsAlive(pid: number | undefined): boolean {
  return signalGroup(pid, 0);
}

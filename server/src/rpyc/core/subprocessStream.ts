/*
 * A stream over a child process's pipes, after `connect_subproc` of rpyc/utils/factory.py. Differs on purpose: the child
 * belongs to the stream and ends with it, and what it says on standard error explains why it ended.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Duplex, Readable, Writable } from 'node:stream';

import { after } from '../lib/deferred';
import { errorText } from '../lib/errorText';
import { startedChild } from '../lib/startedChild';
import { ConnectError, ErrorCode } from './errors';
import { type EndOwned, JoinedDuplex } from './joinedDuplex';
import { DuplexStream } from './stream';

/** How a child process is started, and ended. */
export interface SubprocessOptions {
  readonly cwd?: string | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Seconds that the child has to end by itself once its standard input has ended; 3 by default. */
  readonly killAfter?: number | undefined;
  /** Told what the child writes to standard error. */
  readonly onStderr?: ((text: string) => void) | undefined;
  /**
   * `stdio`, the default, speaks over the child's standard input and output; `descriptor` over its file descriptor 3,
   * and leaves it our standard output.
   */
  readonly over?: 'stdio' | 'descriptor' | undefined;
}

const DEFAULT_KILL_SECONDS = 3;
/** How long a child has to end once it was asked to by a signal. */
const TERM_SECONDS = 1;
/** Characters of standard error that are kept, the newest. */
const KEPT_STDERR = 2000;

/** A stream over the pipes of a child process, which ends with it. */
export class SubprocessStream extends DuplexStream {
  private kept = '';

  private constructor(
    /** Ends with the stream. */
    readonly process: ChildProcess,
    duplex: Duplex,
    private readonly program: string,
    onStderr: SubprocessOptions['onStderr'],
  ) {
    super(duplex, program);
    process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.kept = (this.kept + text).slice(-KEPT_STDERR);
      onStderr?.(text);
    });
  }

  /**
   * Starts a program, without a shell.
   *
   * @param args the program and its arguments
   * @throws ConnectError `ERR_SUBPROCESS` where it cannot be started
   */
  static async open(args: readonly string[], options: SubprocessOptions = {}): Promise<SubprocessStream> {
    const [program, ...rest] = args;
    if (program === undefined || program === '') throw new TypeError('A program has to be named');
    const { cwd, env, over = 'stdio', killAfter = DEFAULT_KILL_SECONDS } = options;
    let child: ChildProcess;
    try {
      child = await startedChild(
        spawn(program, rest, {
          stdio: over === 'stdio' ? ['pipe', 'pipe', 'pipe'] : ['ignore', 'inherit', 'pipe', 'pipe'],
          windowsHide: true,
          ...(cwd !== undefined && { cwd }),
          ...(env !== undefined && { env }),
        }),
      );
    } catch (error) {
      const text = `Program cannot be started: ${errorText(error)}`;
      throw new ConnectError(text, ErrorCode.subprocess, { cause: error });
    }
    const end: EndOwned = (isPolite) => endChild(child, isPolite ? killAfter : 0);
    return new SubprocessStream(
      child,
      new JoinedDuplex(...pipesOf(child, over), end),
      program,
      options.onStderr,
    );
  }

  /** Why there is no connection, where the child has ended. */
  explainEnd(cause: unknown): ConnectError {
    const { exitCode, signalCode } = this.process;
    const how = signalCode === null ? `exit code ${exitCode}` : `signal ${signalCode}`;
    const said = this.kept.trim();
    const text = `${this.program} ended with ${how} before it spoke RPyC${said === '' ? '' : `: ${said}`}`;
    return new ConnectError(text, ErrorCode.subprocess, { cause });
  }
}

function pipesOf(child: ChildProcess, over: 'stdio' | 'descriptor'): [Readable, Writable] {
  const [stdin, stdout, , extra] = child.stdio;
  if (over === 'descriptor') return [extra as Duplex, extra as Duplex];
  return [stdout as Readable, stdin as Writable];
}

/** Waits for the child's end: by itself for `seconds`, then after being asked, then by force. */
async function endChild(child: ChildProcess, seconds: number): Promise<void> {
  try {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    const ask = after(seconds, () => child.kill('SIGTERM'));
    const force = after(seconds + TERM_SECONDS, () => child.kill('SIGKILL'));
    await ended;
    ask.dispose();
    force.dispose();
  } finally {
    // What the child has started may hold it open for ever.
    child.stderr?.destroy();
  }
}

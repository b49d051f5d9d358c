/*
 * One run of the system's ssh, as a process with limits and as a duplex stream.
 */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { Duplex } from 'node:stream';

import { aborted } from '../core/connectErrors';
import { ConnectError, ErrorCode } from '../core/errors';
import { after, deferred, onAbort } from '../lib/deferred';
import { type Disposable, DisposableStore } from '../lib/disposable';
import { Emitter } from '../lib/events';
import { startedChild } from '../lib/startedChild';
import { LastWords, sshFailure, sshNotStarted } from './sshFailure';

export interface SshCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** What it leads to, for people. */
  readonly where: string;
  /** The exit codes are those of a program at the other end; ssh's own is 255. */
  readonly ownCodes: boolean;
}

export interface SshWait {
  /** Seconds until the other machine must have let us in. */
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What ssh prints once the user is logged in, since OpenSSH 5. */
const LOGGED_IN = /^Authenticated to /m;
/** How long a silent ssh is taken for one that is logging in: through a master of the user's own it says nothing. */
const SILENT_SECONDS = 0.3;
/** How long what was written has to leave, once the stream has ended on this side. */
const LINGER_SECONDS = 4;
/** How long ssh has to end when it is told to. */
const KILL_AFTER_SECONDS = 2;

/** Runs ssh, and knows whether it has logged in and why it ended. */
export class SshProcess implements Disposable {
  /** Resolves with the exit code, null after a signal, once the process and its output have ended. */
  readonly exited: Promise<number | null>;
  readonly words = new LastWords();
  private readonly printed = new Emitter<string>();
  /** What the process prints for people, piece by piece. */
  readonly onDidPrint = this.printed.event;
  private readonly loggedIn = deferred<undefined>();
  private readonly held = new DisposableStore();
  private wasKilled = false;

  private constructor(
    private readonly child: ChildProcessWithoutNullStreams,
    readonly where: string,
    private readonly ownCodes: boolean,
  ) {
    child.stderr.setEncoding('utf8').on('data', (text: string) => this.hear(text));
    // A process that ends early breaks the pipe; why it ended is told by its exit.
    child.stdin.on('error', () => undefined);
    this.exited = new Promise((resolve) => {
      child.once('close', (code) => {
        this.held.dispose();
        this.loggedIn.resolve(undefined);
        resolve(code);
      });
    });
  }

  /**
   * Starts ssh.
   *
   * @throws ConnectError with `ERR_SSH_MISSING`, or `ERR_SSH` where it cannot be started for another reason
   */
  static async start(command: SshCommand): Promise<SshProcess> {
    const { program, args, env, where, ownCodes } = command;
    try {
      const child = spawn(program, [...args], { env, stdio: ['pipe', 'pipe', 'pipe'], windowsHide: true });
      return new SshProcess(await startedChild(child), where, ownCodes);
    } catch (error) {
      throw sshNotStarted(program, error as Error);
    }
  }

  get stdin(): ChildProcessWithoutNullStreams['stdin'] {
    return this.child.stdin;
  }

  get stdout(): ChildProcessWithoutNullStreams['stdout'] {
    return this.child.stdout;
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /**
   * Resolves once ssh has logged in or `isOpen` has; where ssh ends before, rejects with why.
   *
   * @param isOpen what tells more than ssh's own output does
   * @param hasMaster whether a master of the user's own carries it; asked where ssh is silent
   * @throws ConnectError with the code of what went wrong, `ERR_TIMEOUT` and `ERR_ABORTED` among them
   */
  async reached(
    { timeout, signal }: SshWait,
    isOpen?: Promise<void>,
    hasMaster?: () => Promise<boolean>,
  ): Promise<void> {
    const over = deferred<undefined>();
    const waits = new DisposableStore();
    waits.add(
      after(timeout, () => {
        const text = `No login over SSH within ${timeout ?? 0} seconds: ${this.where}`;
        over.reject(new ConnectError(text, ErrorCode.timeout));
      }),
    );
    waits.add(
      onAbort(signal, (cause) => {
        over.reject(aborted(this.where, cause));
      }),
    );
    if (hasMaster !== undefined) {
      // Where that cannot be found out, ssh's own words are waited for.
      const look = (): void => {
        hasMaster().then(
          (has) => has && over.resolve(undefined),
          () => undefined,
        );
      };
      waits.add(after(SILENT_SECONDS, look));
    }
    const ended = this.exited.then((code) => {
      const failure = this.failure(code);
      if (failure !== undefined) throw failure;
    });
    try {
      await Promise.race([isOpen ?? this.loggedIn.promise.then(() => this.failed()), ended, over.promise]);
    } catch (error) {
      ended.catch(() => undefined);
      this.dispose();
      await this.exited;
      throw error;
    } finally {
      ended.catch(() => undefined);
      waits.dispose();
    }
  }

  /** Why it ended, if it was not us and not what was meant to happen. */
  failure(code: number | null): ConnectError | undefined {
    if (code === 0 || this.wasKilled || (this.ownCodes && code !== null && code !== 255)) return undefined;
    return sshFailure(this.where, this.words);
  }

  /** Ends the process, by force where it does not listen. */
  dispose(): void {
    if (this.hasEnded || this.wasKilled) return;
    this.wasKilled = true;
    this.child.kill('SIGTERM');
    this.held.add(
      after(KILL_AFTER_SECONDS, () => {
        this.child.kill('SIGKILL');
        // What ssh itself has started may hold its output for longer.
        this.child.stdout.destroy();
        this.child.stderr.destroy();
      }),
    );
  }

  private async failed(): Promise<void> {
    if (!this.hasEnded) return;
    const failure = this.failure(await this.exited);
    if (failure !== undefined) throw failure;
  }

  private hear(text: string): void {
    this.words.add(text);
    this.printed.fire(text);
    if (!this.loggedIn.settled && LOGGED_IN.test(this.words.toString())) this.loggedIn.resolve(undefined);
  }
}

/** A stream over what an ssh carries. It closes once the process has gone, with the reason as its error. */
export class SshDuplex extends Duplex {
  private readonly opened = deferred<undefined>();
  private before: Buffer = Buffer.alloc(0);
  private isOpen: boolean;

  /**
   * @param process becomes the stream's own
   * @param marker what the far end says first; whatever a login script prints before it is dropped
   */
  constructor(
    readonly process: SshProcess,
    private readonly marker?: Buffer,
  ) {
    super({ allowHalfOpen: true });
    this.isOpen = marker === undefined;
    process.stdout.on('data', (chunk: Buffer) => this.receive(chunk));
    void process.exited.then(() => this.finish());
  }

  /** Resolves when the marker has arrived. */
  get markerSeen(): Promise<void> {
    return this.opened.promise;
  }

  override _read(): void {
    this.process.stdout.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.process.stdin.write(chunk, (error) => this.written(error, done));
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), 'utf8', done);
  }

  override _final(done: (error?: Error | null) => void): void {
    if (this.process.hasEnded) done();
    else this.process.stdin.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const { process } = this;
    // What ssh has taken from us may still wait for its own connection.
    const patience = error === null && this.writableFinished ? LINGER_SECONDS : 0;
    const timer = after(patience, () => process.dispose());
    // Unread output would keep the process from ending.
    process.stdout.resume();
    void process.exited.then(() => {
      timer.dispose();
      done(error);
    });
  }

  /** A broken pipe is told by the reason for which ssh ended. */
  private written(error: Error | null | undefined, done: (error?: Error | null) => void): void {
    if (!error) done();
    else void this.process.exited.then((code) => done(this.process.failure(code) ?? error));
  }

  private receive(chunk: Buffer): void {
    const rest = this.isOpen ? chunk : this.skip(chunk);
    if (rest.length > 0 && !this.destroyed && !this.push(rest)) this.process.stdout.pause();
  }

  private skip(chunk: Buffer): Buffer {
    const { marker } = this;
    if (marker === undefined) return chunk;
    const seen = Buffer.concat([this.before, chunk]);
    const at = seen.indexOf(marker);
    if (at < 0) {
      this.before = seen.subarray(-marker.length);
      return Buffer.alloc(0);
    }
    this.isOpen = true;
    this.before = Buffer.alloc(0);
    this.opened.resolve(undefined);
    return seen.subarray(at + marker.length);
  }

  private async finish(): Promise<void> {
    const failure = this.process.failure(await this.process.exited);
    if (this.destroyed) return;
    if (failure === undefined) this.push(null);
    else this.destroy(failure);
  }
}

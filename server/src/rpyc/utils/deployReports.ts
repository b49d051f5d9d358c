/*
 * What the watcher of a deployment tells, line by line. Nothing of it is trusted: lines are short, and each value is
 * looked at before it is used.
 */

import { ConnectError, EOFError, ErrorCode } from '../core/errors';
import { type Deferred, deferred } from '../lib/deferred';
import { REPORT } from './remoteScripts';
import { sshFailure } from './sshFailure';
import type { SshProcess } from './sshProcess';

/** What a deployment does: finds and packs the library, logs in, copies it, starts the server. */
export type DeployStage = 'pack' | 'connect' | 'copy' | 'start';

/** What is known of a server that has started. */
export interface Deployment {
  /** The directory there that holds everything and goes with the server. */
  readonly directory: string;
  /** The server's Unix socket. */
  readonly socket: string;
  /** The server's process there. */
  readonly pid: number;
  /** Version of the library there. */
  readonly rpycVersion: string;
  readonly pythonVersion: string;
}

/** A line of the watcher is short; what login scripts print is cut. */
const LONGEST_LINE = 64 * 1024;
const LONGEST_REASON = 500;

type Report = Readonly<Record<string, unknown>>;

export class DeployReports {
  private readonly hasBegun = deferred<undefined>();
  private readonly isReady: Deferred<Deployment> = deferred();
  /** Resolves with the first word of the watcher: we are logged in, and Python runs there. */
  readonly begun: Promise<void> = this.hasBegun.promise;
  /** Resolves once the server listens; rejects where it does not come to that. */
  readonly ready = this.isReady.promise;
  /** The directory, if the watcher could not remove it. */
  leftover: string | undefined;
  private line = '';
  private directory = '';
  private pythonVersion = '';
  private exitCode: number | undefined;

  constructor(
    private readonly process: SshProcess,
    private readonly onStage: ((stage: DeployStage) => void) | undefined,
  ) {
    this.ready.catch(() => undefined);
    process.stdout.setEncoding('utf8').on('data', (text: string) => this.receive(text));
    void process.exited.then((code) => {
      this.isReady.reject(this.reasonFor(code));
    });
  }

  /** Why there is no server any more, as far as the watcher knows. */
  get end(): EOFError {
    const code = this.exitCode === undefined ? '' : ` with exit code ${this.exitCode}`;
    return new EOFError(`Deployed server ended${code}: ${this.process.where}`);
  }

  private reasonFor(code: number | null): Error {
    const failure = this.process.failure(code);
    if (failure !== undefined) return failure;
    // Without a word of the watcher it was the shell there that ended.
    if (this.hasBegun.settled || code === 0) return this.end;
    return sshFailure(this.process.where, this.process.words);
  }

  private receive(text: string): void {
    const lines = (this.line + text).split('\n');
    this.line = (lines.pop() ?? '').slice(0, LONGEST_LINE);
    for (const line of lines) {
      if (line.startsWith(REPORT)) this.take(parse(line.slice(REPORT.length)));
    }
  }

  private take(report: Report): void {
    const { stage, error, ready, ended, removed } = report;
    if (stage === 'copy') {
      this.hasBegun.resolve(undefined);
      this.onStage?.(stage);
    }
    if (stage === 'start') {
      this.directory = asText(report['directory']);
      this.pythonVersion = asText(report['python']);
      this.onStage?.(stage);
    }
    if (typeof error === 'string') this.isReady.reject(this.refused(error));
    if (typeof ready === 'object' && ready !== null) this.isReady.resolve(this.deployment(ready as Report));
    if (typeof ended === 'number') this.exitCode = ended;
    if (removed === false) this.leftover = this.directory;
  }

  private deployment(ready: Report): Deployment {
    const { pid } = ready;
    return {
      directory: this.directory,
      socket: asText(ready['socket']),
      pid: typeof pid === 'number' ? pid : 0,
      rpycVersion: asText(ready['rpyc']),
      pythonVersion: this.pythonVersion,
    };
  }

  private refused(reason: string): ConnectError {
    const python = this.pythonVersion === '' ? '' : ` on Python ${this.pythonVersion}`;
    const text = reason.replace(/\p{Cc}/gu, ' ').slice(0, LONGEST_REASON);
    return new ConnectError(`Server could not be started${python}: ${text}`, ErrorCode.deploy);
  }
}

function parse(text: string): Report {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Report) : {};
  } catch {
    return {};
  }
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

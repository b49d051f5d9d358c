/** The real background process, spoken to as the editor does. */
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

import {
  IPCMessageReader,
  IPCMessageWriter,
  type MessageConnection,
  createMessageConnection,
} from 'vscode-languageserver/node';

import {
  ConnectionStateChanged,
  DialectLearned,
  Hello,
  type HelloResult,
  LogMessage,
  type NotificationMessage,
  type RequestMessage,
  RunOutputProduced,
  SetProfiles,
} from '../../server/src/api/messages';
import type { ConnectionState, Problem, Profile, RunOutput, TraceLevel } from '../../server/src/api/model';
import { eventually } from './poll';

const REPOSITORY = path.resolve(__dirname, '../../..');

/** The compiled files, and the bundle that is shipped. */
export const BACKENDS = {
  compiled: path.join(REPOSITORY, 'out/server/src/main.js'),
  bundle: path.join(REPOSITORY, 'dist/server/main.js'),
} as const;

export class Backend implements AsyncDisposable {
  readonly states: ConnectionState[] = [];
  readonly output: RunOutput[] = [];
  /** Dialect by endpoint, as it was learned. */
  readonly dialects: Record<string, string> = {};
  readonly log: string[] = [];
  readonly exited: Promise<number | null>;
  private readonly child: ChildProcess;
  private readonly connection: MessageConnection;
  private code: number | null | undefined;

  constructor(program: string = BACKENDS.compiled) {
    if (!existsSync(program)) {
      throw new Error(`${program} is not there: run npm run build`);
    }
    this.child = fork(program, ['--node-ipc'], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], execArgv: [] });
    for (const pipe of [this.child.stdout, this.child.stderr]) {
      pipe?.setEncoding('utf8').on('data', (text: string) => this.log.push(text));
    }
    this.exited = new Promise((resolve) => {
      // Not `close`: a child whose channel was closed from here never tells that.
      this.child.once('exit', (code) => {
        this.code = code;
        resolve(code);
      });
    });
    this.connection = createMessageConnection(
      new IPCMessageReader(this.child),
      new IPCMessageWriter(this.child),
    );
    this.onNotification(ConnectionStateChanged, (state) => this.states.push(state));
    this.onNotification(RunOutputProduced, (output) => this.output.push(output));
    this.onNotification(DialectLearned, ({ endpoint, dialect }) => (this.dialects[endpoint] = dialect));
    this.onNotification(LogMessage, ({ level, message }) => this.log.push(`${level}: ${message}`));
    this.connection.listen();
  }

  /** Starts the process and greets it as the editor does. */
  static async start(
    profiles: readonly Profile[],
    options: {
      readonly program?: string;
      readonly trace?: TraceLevel;
      readonly dialects?: Readonly<Record<string, string>>;
    } = {},
  ): Promise<Backend & { readonly hello: HelloResult }> {
    const backend = new Backend(options.program);
    await backend.connection.sendRequest('initialize', {
      processId: process.pid,
      rootUri: null,
      capabilities: {},
    });
    await backend.connection.sendNotification('initialized', {});
    const hello = await backend.request(Hello, {
      dialects: options.dialects ?? {},
      trace: options.trace ?? 'off',
    });
    await backend.notify(SetProfiles, { profiles });
    return Object.assign(backend, { hello });
  }

  get pid(): number {
    if (this.child.pid === undefined) {
      throw new Error('The background process did not start');
    }
    return this.child.pid;
  }

  get hasExited(): boolean {
    return this.code !== undefined;
  }

  request<Params, Result>(
    message: RequestMessage<Params, Result>,
    params: Params,
    cancel?: AbortSignal,
  ): Promise<Result> {
    const { method } = message;
    if (cancel === undefined) {
      return this.connection.sendRequest<Result>(method, params);
    }
    const token = {
      get isCancellationRequested() {
        return cancel.aborted;
      },
      onCancellationRequested: (listener: (event: unknown) => unknown) => {
        const handler = (): unknown => listener(undefined);
        cancel.addEventListener('abort', handler, { once: true });
        return { dispose: () => cancel.removeEventListener('abort', handler) };
      },
    };
    return this.connection.sendRequest<Result>(method, params, token);
  }

  notify<Params>({ method }: NotificationMessage<Params>, params: Params): Promise<void> {
    return this.connection.sendNotification(method, params);
  }

  /** The problem with which a request fails. */
  async problem<Params, Result>(message: RequestMessage<Params, Result>, params: Params): Promise<Problem> {
    try {
      await this.request(message, params);
    } catch (error) {
      return (error as { readonly data: Problem }).data;
    }
    throw new Error(`${message.method} did not fail`);
  }

  async state(wanted: Partial<ConnectionState>, timeoutMs = 10_000): Promise<ConnectionState> {
    return eventually(
      `a state with ${JSON.stringify(wanted)}`,
      () =>
        this.states.find((state) =>
          Object.entries(wanted).every(([key, value]) => state[key as keyof ConnectionState] === value),
        ),
      { timeoutMs },
    );
  }

  /** As the language client ends its server. */
  async shutdown(): Promise<number | null> {
    await this.connection.sendRequest('shutdown');
    await this.connection.sendNotification('exit');
    return this.exited;
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    this.child.kill(signal);
  }

  /** Leaves without a word, as an editor does that dies. */
  abandon(): void {
    this.child.disconnect();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.connection.dispose();
    this.kill();
    await this.exited;
  }

  private onNotification<Params>(
    { method }: NotificationMessage<Params>,
    listener: (params: Params) => void,
  ): void {
    this.connection.onNotification(method, listener);
  }
}

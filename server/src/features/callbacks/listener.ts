import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';

import { isCallbackName, type ListenerInfo, type ListenParams } from '../../api/callbacks';
import {
  AuthenticationError,
  type Channel,
  Connection,
  type ConnectionOptions,
  type Limits,
  type Logger,
  Service,
  ThreadedServer,
} from '../../rpyc/index';
import { cannotListen, ProblemError } from '../problem';
import type { AskEditor } from './callDesk';
import { CallRate } from './callRate';
import type { CallAnswerer } from './callSource';
import { EditorRoot } from './editorRoot';
import { readHello } from './tokenGate';

const HOST = '127.0.0.1';
const TOKEN_BYTES = 24;
const MAX_CLIENTS = 8;
/** After so many nobody new is let in before the listener is started anew. */
const MAX_REFUSED = 20;
/** Of one peer. */
const MAX_CONNECTIONS = 4;

/** As little as calls with a few plain arguments need. */
const LIMITS: Partial<Limits> = {
  maxFrameBytes: 1024 * 1024,
  maxInflatedBytes: 4 * 1024 * 1024,
  maxDepth: 50,
  maxItems: 100_000,
  maxPeerRequests: 200,
  maxPeerRefs: 1000,
  maxHeldRefs: 1000,
};

export interface ListenerTimings {
  /** For the first line of a client. */
  readonly helloSeconds: number;
  /** For the user to let a peer in. */
  readonly admitSeconds: number;
  /** The listener ends after so long without a call or a new client. */
  readonly idleSeconds: number;
  readonly connectionsPerSecond: number;
  readonly connectionsAtOnce: number;
}

const TIMINGS: ListenerTimings = {
  helloSeconds: 5,
  admitSeconds: 60,
  idleSeconds: 30 * 60,
  connectionsPerSecond: 2,
  connectionsAtOnce: 20,
};

export interface ListenerOptions {
  readonly answerer: CallAnswerer;
  readonly isPaused: () => boolean;
  readonly ask: AskEditor;
  readonly logger: Logger;
  readonly timings?: Partial<ListenerTimings> | undefined;
  readonly onDidChange: (info: ListenerInfo) => void;
  readonly onDidIdle: () => void;
}

/** Somebody who was let in: its connections come and go. */
interface Peer {
  readonly label: string;
  connections: number;
}

/**
 * A server for peers that connect to us: on a socket of the user's or a port of this machine, behind a token that is
 * good for one start, for one peer at a time, each of which the user lets in. It serves the chosen functions and nothing
 * else, and never makes itself known.
 */
export class Listener {
  readonly #token = randomBytes(TOKEN_BYTES).toString('hex');
  readonly #timings: ListenerTimings;
  readonly #rate: CallRate;
  readonly #admitted = new Set<string>();
  /** Whom the user has refused is not asked about again. */
  readonly #refused = new Set<string>();
  readonly #server: ThreadedServer;
  readonly #ended = new AbortController();
  #peer: Peer | undefined;
  /** The user is asked about somebody. */
  #asking = false;
  #idle: NodeJS.Timeout | undefined;

  private constructor(
    private readonly params: ListenParams,
    private readonly options: ListenerOptions,
    private readonly socketPath: string | undefined,
  ) {
    this.#timings = { ...TIMINGS, ...options.timings };
    this.#rate = new CallRate(this.#timings.connectionsPerSecond, this.#timings.connectionsAtOnce);
    const { helloSeconds, admitSeconds } = this.#timings;
    this.#server = new ThreadedServer({
      ...(socketPath === undefined ? { hostname: HOST, port: 0 } : { socketPath }),
      service: this.#serviceClass(),
      authenticator: (socket: Socket) => this.#admit(socket),
      authenticationTimeout: helloSeconds + admitSeconds + 1,
      protocolConfig: { include_local_traceback: false, include_local_version: false },
      limits: LIMITS,
      maxClients: MAX_CLIENTS,
      autoRegister: false,
      logger: options.logger,
    });
  }

  /** @throws ProblemError where the system does not let us listen */
  static async start(params: ListenParams, options: ListenerOptions): Promise<Listener> {
    const names = params.names.filter(isCallbackName);
    // Nobody else can open a folder of mode 0700, so that the socket in it is safe from its first moment on.
    const folder = params.way === 'unix' ? await mkdtemp(path.join(os.tmpdir(), 'rpyc-editor-')) : undefined;
    const socketPath = folder === undefined ? undefined : path.join(folder, 'calls.sock');
    const listener = new Listener({ way: params.way, names }, options, socketPath);
    try {
      await listener.#server.start();
      if (socketPath !== undefined) {
        await chmod(socketPath, 0o600);
      }
    } catch (error) {
      await listener.close();
      throw new ProblemError(cannotListen('listener', { host: HOST, port: 0 }, error), { cause: error });
    }
    listener.touch();
    return listener;
  }

  get info(): ListenerInfo {
    const { names, way } = this.params;
    const place =
      this.socketPath === undefined ? { host: HOST, port: this.#server.port } : { path: this.socketPath };
    return { way, ...place, token: this.#token, names, peer: this.#peer?.label ?? '' };
  }

  /** Somebody called or came: the time until it ends by itself begins anew. */
  touch(): void {
    clearTimeout(this.#idle);
    if (!this.#ended.signal.aborted) {
      this.#idle = setTimeout(() => this.options.onDidIdle(), this.#timings.idleSeconds * 1000);
    }
  }

  /** Ends all clients. May be called again. */
  async close(): Promise<void> {
    this.#ended.abort(new Error('The listener has ended'));
    clearTimeout(this.#idle);
    await this.#server.close();
    if (this.socketPath !== undefined) {
      await rm(path.dirname(this.socketPath), { recursive: true, force: true });
    }
  }

  /** Each client gets a root of its own, which knows whose it is. */
  #serviceClass(): typeof Service {
    const { answerer } = this.options;
    const { names } = this.params;
    const peerOf = (credentials: unknown): Peer => credentials as Peer;
    return class extends Service {
      override createConnection(channel: Channel, options: ConnectionOptions): Connection {
        const peer = peerOf(options.config?.credentials);
        const service = new EditorRoot({
          label: () => peer.label,
          allows: (name) => names.some((own) => own === name),
          answerer,
        });
        return new Connection(channel, { ...options, service });
      }
    };
  }

  /** @throws AuthenticationError for who is turned away */
  async #admit(socket: Socket): Promise<Peer> {
    if (!this.#rate.tryTake()) {
      throw new AuthenticationError('too many connections came at once');
    }
    const name = await readHello(socket, this.#token, this.#timings.helloSeconds);
    if (this.options.isPaused()) {
      throw new AuthenticationError('calls are not answered at the moment');
    }
    const from = socket.remoteAddress ?? '';
    const label = name !== '' ? name : from !== '' ? from : 'local program';
    this.#checkPlace(label);
    if (this.#refused.has(label) || this.#refused.size >= MAX_REFUSED) {
      throw new AuthenticationError('the user has refused it');
    }
    if (!this.#admitted.has(label)) {
      await this.#askUser(socket, label, from);
      // Another one may have come meanwhile.
      this.#checkPlace(label);
      this.#admitted.add(label);
    }
    return this.#enter(socket, label);
  }

  #checkPlace(label: string): void {
    const peer = this.#peer;
    if (peer !== undefined && peer.label !== label) {
      throw new AuthenticationError('another peer is connected');
    }
    if (peer !== undefined && peer.connections >= MAX_CONNECTIONS) {
      throw new AuthenticationError('the peer has too many connections');
    }
  }

  async #askUser(socket: Socket, label: string, from: string): Promise<void> {
    if (this.#asking) {
      throw new AuthenticationError('the user is being asked about another peer');
    }
    this.#asking = true;
    const left = new AbortController();
    const leave = (): void => left.abort(new AuthenticationError('it left before it was let in'));
    socket.once('close', leave);
    // A socket that nobody reads does not tell that its other end is gone.
    const timer = setTimeout(leave, this.#timings.admitSeconds * 1000);
    const signal = AbortSignal.any([left.signal, this.#ended.signal]);
    try {
      const question = { kind: 'admit', peer: label, names: this.params.names, from } as const;
      const answer = await this.options.ask(question, signal);
      const isRefused = !('value' in answer) || answer.value !== true;
      if (isRefused && !signal.aborted) {
        this.#refused.add(label);
      }
      if (isRefused || signal.aborted) {
        throw new AuthenticationError('the user did not let it in');
      }
    } finally {
      clearTimeout(timer);
      socket.off('close', leave);
      this.#asking = false;
    }
  }

  /** The place is the peer's for as long as its socket is there, whatever becomes of the connection over it. */
  #enter(socket: Socket, label: string): Peer {
    const peer = this.#peer ?? { label, connections: 0 };
    this.#peer = peer;
    peer.connections += 1;
    socket.once('close', () => {
      peer.connections -= 1;
      if (peer.connections === 0) {
        this.#peer = undefined;
      }
      this.#changed();
    });
    this.#changed();
    return peer;
  }

  #changed(): void {
    if (!this.#ended.signal.aborted) {
      this.touch();
      this.options.onDidChange(this.info);
    }
  }
}

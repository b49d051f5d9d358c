/*
 * What every way to connect can be told, after the keyword arguments of rpyc/utils/factory.py.
 */

import type { TraceFrame } from '../core/channel';
import type { Config, Limits } from '../core/config';
import type { DialectName } from '../core/dialect';
import type { Service, ServiceClass } from '../core/service';
import type { SubprocessOptions } from '../core/subprocessStream';
import type { TlsOptions } from '../core/tls';
import type { Logger } from '../lib/logger';
import type { PreHandshake } from './preHandshake';

/** `tls` and `authenticate` are there where TLS and a pre-handshake are. */
export type ConnectStage = 'resolve' | 'connect' | 'tls' | 'authenticate' | 'handshake' | 'root';

/** What is remembered of peers: which dialect was right at `host:port`. Owned by the caller. */
export type DialectMemory = Pick<Map<string, DialectName>, 'get' | 'set'>;

/** Options of every connect. */
export interface ConnectOptions {
  /** What we offer the peer: nothing, by default. */
  readonly service?: ServiceClass | Service | undefined;
  /** RPyC's configuration, with its keys as in Python. */
  readonly config?: Partial<Config> | undefined;
  /** `auto`, the default, asks for the root object to find out; any other spares that and waits for nothing. */
  readonly dialect?: DialectName | 'auto' | undefined;
  /** The server takes one connection in its life: it is never probed. */
  readonly oneShot?: boolean | undefined;
  /**
   * The peer speaks first, as a classic server on standard streams does: its dialect is told by what it says, and
   * nothing is tried out. True by default for `connectSubproc`.
   */
  readonly listenFirst?: boolean | undefined;
  /** Seconds that each stage may take: reaching the host, TLS, the pre-handshake, and the first answer. 10 by default. */
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Of TCP and TLS: lets the system probe a connection that was silent for so many seconds; true is a minute. */
  readonly keepalive?: boolean | number | undefined;
  /** Of TCP and TLS: uses IPv6 only. */
  readonly ipv6?: boolean | undefined;
  readonly limits?: Partial<Limits> | undefined;
  readonly logger?: Logger | undefined;
  /** See `ChannelOptions`. */
  readonly trace?: TraceFrame | undefined;
  /** Whether long frames are compressed; true by default. */
  readonly compress?: boolean | undefined;
  /**
   * Sends a request once all before it are settled, for servers of Python and concurrent calls that call back: such a
   * server serves a second call inside of the first one's wait for its callback, and ends the second one first. Requests
   * made while one of the peer is in service go out at once, as pings do. False by default.
   */
  readonly serialCalls?: boolean | undefined;
  /** What is said before the protocol: a password, for instance. It is neither logged nor traced. */
  readonly preHandshake?: PreHandshake | undefined;
  /** Told as each stage begins. */
  readonly onStage?: ((stage: ConnectStage) => void) | undefined;
  readonly dialectMemory?: DialectMemory | undefined;
}

/** Options of `sslConnect`. */
export interface SslConnectOptions extends ConnectOptions, TlsOptions {}

/** Options of `connectSubproc`. */
export interface SubprocConnectOptions extends ConnectOptions, Omit<SubprocessOptions, 'over'> {}

/** Options of `connectThread`. */
export interface ThreadConnectOptions extends ConnectOptions {
  /** RPyC's configuration of the other side; plain data. */
  readonly remoteConfig?: Partial<Config> | undefined;
  /** Seconds that the other side has to end by itself; 3 by default. */
  readonly killAfter?: number | undefined;
}

/** Options of `connectMultiprocess`. */
export interface MultiprocessConnectOptions extends ThreadConnectOptions {
  /** Environment of the child; our own by default. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Switches of Node for the child; none by default. */
  readonly execArgv?: readonly string[] | undefined;
}

/** Seconds for each stage, where the caller does not say. */
export const DEFAULT_TIMEOUT_SECONDS = 10;

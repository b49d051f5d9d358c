/**
 * The plain shapes that travel between the editor and the background process.
 * Nothing here has behaviour, and nothing here is imported from anywhere.
 */

/** Where a connection goes, and how it gets there. */
export type Transport =
  | TcpTransport
  | TlsTransport
  | UnixTransport
  | PipeTransport
  | SshTransport
  | SubprocessTransport
  | DeployTransport
  | RegistryTransport;

export type TransportKind = Transport['kind'];

export interface TcpTransport {
  readonly kind: 'tcp';
  readonly host: string;
  readonly port: number;
}

/** Over TLS. Authority and name of the certificate are checked, unless it is pinned or `insecure` is set. */
export interface TlsTransport {
  readonly kind: 'tls';
  readonly host: string;
  readonly port: number;
  /** File with the certificates of the authorities to trust, in the place of those that Node knows. */
  readonly ca?: string;
  /** Files with our own certificate and its key. */
  readonly cert?: string;
  readonly key?: string;
  readonly passphrase?: SecretReference;
  /** SHA-256 fingerprint of the one certificate to trust. */
  readonly pin?: string;
  /** The name that the certificate has to be for, where it is not the host's. */
  readonly servername?: string;
  readonly minVersion?: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';
  /** Nobody looks whose certificate it is. */
  readonly insecure?: boolean;
}

export interface UnixTransport {
  readonly kind: 'unix';
  readonly path: string;
}

/** A named pipe of Windows. */
export interface PipeTransport {
  readonly kind: 'pipe';
  readonly name: string;
}

/** A machine that the system's ssh reaches; what is left out is as in the user's ssh configuration. */
export interface SshMachineFields {
  readonly host: string;
  readonly user?: string;
  readonly port?: number;
  readonly identityFile?: string;
  readonly configFile?: string;
}

/** A tunnel to a port or to a Unix socket, as the machine sees it. */
export interface SshTransport extends SshMachineFields {
  readonly kind: 'ssh';
  readonly remoteHost?: string;
  readonly remotePort?: number;
  readonly remoteSocket?: string;
}

/** A program that is started here and speaks RPyC on its standard input and output. */
export interface SubprocessTransport {
  readonly kind: 'subprocess';
  /** The program and its arguments; there is no shell. */
  readonly command: readonly string[];
  readonly cwd?: string;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A server that is brought to a machine for the time of the connection. */
export interface DeployTransport extends SshMachineFields {
  readonly kind: 'deploy';
  /** The Python 3 of that machine. */
  readonly python?: string;
}

/** A registry, as far as it is not whoever hears a broadcast. */
export interface RegistryPlace {
  readonly host: string;
  readonly port: number;
  /** How the registry is asked. */
  readonly transport: 'udp' | 'tcp';
}

/** A server that a registry knows by its name; the registry is asked with each connect. */
export interface RegistryTransport {
  readonly kind: 'registry';
  /** Name of the service; registries keep names in capitals, and take them in any form. */
  readonly service: string;
  /** Whom to ask. Where it is left out: whichever registries hear a broadcast on the networks of this machine. */
  readonly registry?: RegistryPlace;
}

/** Names a secret that the editor keeps. */
export interface SecretReference {
  readonly secret: string;
}

/** A text stands for its UTF-8 bytes. */
export type PreHandshakeValue = string | { readonly hex: string } | SecretReference;

/** What is said or heard before the protocol, as the library's pre-handshake. */
export type PreHandshakeStep =
  | { readonly send: PreHandshakeValue }
  | { readonly sendFrame: PreHandshakeValue }
  | { readonly expect: PreHandshakeValue }
  | { readonly expectFrame: PreHandshakeValue }
  | { readonly expectFrameNot: PreHandshakeValue };

/** Secrets by name. They travel with the wish to connect, are kept in memory only, and are never written anywhere. */
export type Secrets = Readonly<Record<string, string>>;

/** What is expected at the other end. `auto` asks the root object. */
export type ServiceKind = 'auto' | 'classic' | 'service';

export type DialectChoice = 'auto' | 'A' | 'B' | 'C' | 'D';

/** A connection that the user has named. One JSON schema, version 1, wherever a profile is stored. */
export interface Profile {
  readonly id: string;
  readonly version: 1;
  readonly label: string;
  readonly transport: Transport;
  readonly service: ServiceKind;
  readonly dialect?: DialectChoice;
  /** The server takes one client only: it is never probed and never given a second connection. */
  readonly oneShot?: boolean;
  readonly preHandshake?: readonly PreHandshakeStep[];
  /** The folder of the list that the connection stands in. */
  readonly group?: string;
  /** The colour of its icon. */
  readonly color?: ProfileColor;
  /** What runs there matters: each run and each change is confirmed. */
  readonly production?: boolean;
  /** Which thread of the peer runs what the user runs; of a classic peer. Left out: the connection's own. */
  readonly runOn?: RunThread;
  /** Where the files of the peer are here, the best place first. */
  readonly pathMappings?: readonly PathMapping[];
  /** Functions of the editor that the server may call; none where it is left out. */
  readonly expose?: readonly CallbackName[];
}

/** A folder of the peer, and the same one here, as the debuggers of Python name them. */
export interface PathMapping {
  /** May begin with `${workspaceFolder}`. */
  readonly localRoot: string;
  /** As the peer names it; `.` for files that it names without a folder of their own. */
  readonly remoteRoot: string;
}

/** A thread of the peer. */
export type RunThread =
  | { readonly thread: 'worker' }
  /** `auto` is whichever program is recognised; of `other`, `post` is Python for a function that is given a callable. */
  | { readonly thread: 'main'; readonly host: HostProgram; readonly post?: string };

/** A program with a main thread of its own, in which a peer is a guest. */
export type HostProgram = 'auto' | 'ida' | 'blender' | 'houdini' | 'maya' | 'gdb' | 'qt' | 'other';

/** A function of the editor that a peer may be let call. */
export type CallbackName =
  | 'print'
  | 'console'
  | 'stdout_write'
  | 'stderr_write'
  | 'record'
  | 'show'
  | 'notify'
  | 'progress'
  | 'ask'
  | 'confirm'
  | 'open_file';

export type ProfileColor = 'red' | 'orange' | 'yellow' | 'green' | 'blue' | 'purple';

/** How a failure is told: one sentence for the user that names the mend, and the technical cause behind it. */
export interface Problem {
  /** Stable, for programs: `ERR_REFUSED`, `ERR_NOT_RPYC`, `ERR_DIALECT`, `ERR_REMOTE`, `ERR_STALE`, … */
  readonly code: string;
  /** One sentence that says what happened and what to do. */
  readonly message: string;
  /** The technical detail, for the log and for "Copy Diagnostics". Never shown by itself. */
  readonly detail?: string;
  /** The certificate that nobody vouches for, where pinning it would mend the failure. */
  readonly certificate?: CertificateFacts;
  /** Where a registry says that the server is, where the user has to agree to that first. */
  readonly found?: FoundAddress;
  /** By this name the error that the peer raised can be opened in the debugger. */
  readonly failure?: string;
}

/** What a server's certificate says of itself. Nobody has checked any of it but the fingerprint. */
export interface CertificateFacts {
  /** SHA-256, 64 hexadecimal digits. */
  readonly fingerprint: string;
  /** One line each, bounded. */
  readonly subject: string;
  readonly issuer: string;
  /** As the certificate writes its dates. */
  readonly validFrom: string;
  readonly validTo: string;
}

/** An answer of a registry: a hint by strangers, since anyone may register anything. */
export interface FoundAddress {
  /** `host:port` */
  readonly address: string;
  /** Which registries told it. */
  readonly registries: readonly string[];
  /** What is odd about it: names of `AddressFlag` in `discovery.ts`. */
  readonly flags: readonly string[];
  /** The address that the user agreed to before, where there is one. */
  readonly before?: string;
}

/** What a server is, as far as the peer tells. */
export type ServerKind = 'threaded' | 'pool' | 'forking' | 'oneshot' | 'stdio' | 'unknown';

export interface PeerInfo {
  readonly dialect: 'A' | 'B' | 'C' | 'D';
  /** Version of the rpyc library on the peer, where it tells. */
  readonly rpycVersion?: string;
  /** Version of Python on the peer, for instance `3.11.2`; absent where the peer does not tell. */
  readonly pythonVersion?: string;
  readonly pid?: number;
  readonly serverKind: ServerKind;
  readonly service: 'classic' | 'service';
  /** Full name of the root object's class. */
  readonly rootType: string;
  /** Known holes of its release of rpyc, a sentence each. */
  readonly advisories?: readonly string[];
  /** `host:port` that a registry told, and that is connected to; absent where the profile has the address. */
  readonly address?: string;
}

export type ConnectionStatus =
  'disconnected' | 'connecting' | 'connected' | 'lost' | 'reconnecting' | 'failed';

/** The stages that a connection goes through, in this order. */
export type ConnectionStage = 'resolve' | 'connect' | 'tls' | 'authenticate' | 'handshake' | 'root';

/** One event of a connection's life. The newest event of a profile is its state. */
export interface ConnectionState {
  readonly profileId: string;
  /** Grows by one with each new connection to the peer; objects of an older generation are stale. */
  readonly generation: number;
  readonly status: ConnectionStatus;
  /** While `connecting` or `reconnecting`. */
  readonly stage?: ConnectionStage;
  /** Why the connection is `lost` or `failed`. */
  readonly problem?: Problem;
  /** While `reconnecting`: milliseconds until the next attempt. */
  readonly retryInMs?: number;
  readonly peer?: PeerInfo;
  /** Sockets that are open for this profile now. */
  readonly openConnections: number;
  /** A run is in progress. */
  readonly busy: boolean;
  /** It came back by itself: as another process, or anew to the same one, in which only its names are gone. */
  readonly renewed?: 'process' | 'names';
  /** While `connected`: milliseconds of the newest short round trip that was needed anyway. */
  readonly latencyMs?: number;
}

/** One step from an object to one of its parts. */
export type PathStep =
  | {
      readonly kind: 'root';
      /** `console` is no root of the tree: under it stands what a debug console was given. */
      readonly name: 'namespace' | 'modules' | 'builtins' | 'threads' | 'service' | 'results' | 'console';
    }
  | { readonly kind: 'attr'; readonly name: string }
  /** Position in the iteration order of a sequence, set or other ordered container. */
  | { readonly kind: 'index'; readonly index: number }
  /** Key of a mapping: its position, and its text so that the same row is found again after a reconnect. */
  | { readonly kind: 'key'; readonly index: number; readonly text: string }
  /** Some names of the object, shown together. Only ever the last step: the way to such a name is its own. */
  | { readonly kind: 'group'; readonly group: MemberGroup };

/** Names of an object that are shown behind one row. */
export type MemberGroup = 'methods' | 'private' | 'special';

/** From one of a connection's roots to an object. The first step is of kind `root`. */
export type ObjectPath = readonly PathStep[];

/** A remote object that the background process can find again, valid in one epoch only. */
export interface Handle {
  /** Names one start of the background process. */
  readonly epoch: string;
  readonly id: number;
}

/** What a row stands for, for its icon. */
export type ObjectKind =
  | 'none'
  | 'boolean'
  | 'number'
  | 'array'
  | 'table'
  | 'struct'
  | 'enum'
  | 'generator'
  /** Where code is: a frame, or the entry of a traceback. */
  | 'frame'
  | 'thread'
  | 'file'
  | 'socket'
  | 'string'
  | 'bytes'
  | 'list'
  | 'tuple'
  | 'dict'
  | 'set'
  | 'module'
  | 'class'
  | 'function'
  | 'method'
  | 'property'
  | 'exception'
  | 'object'
  | 'namespace'
  | 'modules'
  | 'builtins'
  | 'threads'
  | 'service'
  | 'results'
  /** Stands for some names of the object above it; its length says how many. */
  | 'group'
  /** Known by name only: reading it was not asked for. */
  | 'unread';

export interface ObjectNode {
  readonly handle: Handle;
  readonly path: ObjectPath;
  /** What the row is called: attribute name, `[3]`, `'key'`. */
  readonly name: string;
  readonly kind: ObjectKind;
  /** `int`, `numpy.ndarray`; empty where it is not known without reading. */
  readonly typeName: string;
  /** Short text of the value, one line, bounded. A phrase such as `click to read` where nothing was read. */
  readonly value: string;
  readonly expandable: boolean;
  /** Number of items of a container, where it is known without iterating. */
  readonly length?: number;
  /** A Python expression that gives this object on the peer, where there is one. */
  readonly expression?: string;
  /** What may be done to it, as far as it can be told without trying. */
  readonly editable?: boolean;
  readonly deletable?: boolean;
  readonly callable?: boolean;
  /** The next items can be taken from it: they are gone there then. */
  readonly iterator?: boolean;
  /** It can be shown as a picture or a table. */
  readonly showable?: boolean;
  /** Why the policy of the peer keeps it out of reach, as predicted, in one sentence. It was not asked for. */
  readonly blocked?: string;
}

export interface ObjectPage {
  readonly nodes: readonly ObjectNode[];
  /** Position of the first node of this page in the container. */
  readonly offset: number;
  /** All children, where known. */
  readonly total?: number;
  /** There are children behind this page. */
  readonly more: boolean;
  /** A sentence to show as a last row: a limit was met, the connection is busy. */
  readonly note?: string;
}

/** What a hover over a row tells. */
export interface ObjectDetails {
  readonly typeName: string;
  readonly signature?: string;
  readonly documentation?: string;
  /** A longer, still bounded, text of the value. */
  readonly value?: string;
  readonly length?: number;
}

export interface RunOutput {
  readonly runId: string;
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
  /** Characters that had to be dropped before this text because the editor could not keep up. */
  readonly dropped: number;
}

/** One frame of a remote traceback. */
export interface RemoteFrame {
  readonly file: string;
  readonly line: number;
  readonly name: string;
}

export interface RunError {
  /** `builtins.ValueError` */
  readonly typeName: string;
  readonly message: string;
  readonly traceback: string;
  readonly frames: readonly RemoteFrame[];
  /** By this name it can be opened in the debugger; absent where there is nothing to show. */
  readonly failure?: string;
}

export type ShownAs = 'picture' | 'table' | 'page' | 'text';

/** What is held on the peer of a run's value, until its handles are released. */
export interface HeldValue {
  /** The value itself; absent where it has no parts to look into. */
  readonly value?: Handle;
  /** What can be shown of the run: its value, or the figures that were opened for it. */
  readonly shown?: { readonly handle: Handle; readonly as: ShownAs };
}

export interface RunResult {
  readonly runId: string;
  readonly status: 'done' | 'error' | 'lost' | 'interrupted';
  /** Text of the last expression's value; absent when the snippet does not end in one, or it is None. */
  readonly value?: string;
  readonly valueType?: string;
  /** What is held of that value, for looking into it and showing it. */
  readonly held?: HeldValue;
  /** The remote exception, where `status` is `error` or `interrupted`. */
  readonly error?: RunError;
  /** Why there is no result, where `status` is `lost`. */
  readonly problem?: Problem;
  readonly elapsedMs: number;
}

export interface RunRequest {
  readonly profileId: string;
  readonly runId: string;
  readonly source: string;
  /** File name under which the source is compiled, so that tracebacks point at it. */
  readonly fileName: string;
  /** Zero-based line of `source` in that file. */
  readonly lineOffset: number;
}

/** A line that a run or a call reads from `sys.stdin`. */
export interface RunInputQuestion {
  readonly runId: string;
  /** What it has printed on the line so far; may be empty. */
  readonly prompt: string;
  /** What is typed is not to be seen, as with `getpass`. */
  readonly hidden?: boolean;
}

/** What came of the wish to stop a run. */
export interface InterruptResult {
  /**
   * `asked`: the exception is on its way; the run's own result tells when it has ended. `ended`: it is over.
   * `waiting`: it had not begun, and does not begin any more.
   */
  readonly outcome: 'asked' | 'ended' | 'waiting';
  /** Where the run was then. What it calls there may have to return first. */
  readonly place?: RemoteFrame;
}

export type TraceLevel = 'off' | 'messages' | 'verbose';

/*
 * SSH machines, in the place of plumbum's SshMachine that upstream uses, over the system's ssh program: the user's
 * configuration, agent and jump hosts apply. Differs on purpose: a tunnel is a stream of its own and no local port
 * listens, so there is no port to race for and no other user of this machine can use it.
 */

import type { Duplex } from 'node:stream';

import { ConnectError, ErrorCode } from '../core/errors';
import { checkPort, DuplexStream, describeEndpoint } from '../core/stream';
import { after } from '../lib/deferred';
import type { Disposable } from '../lib/disposable';
import { RELAY_MARKER, RELAY_SCRIPT, remotePython, scriptInput } from './remoteScripts';
import { type SshCommand, SshDuplex, SshProcess, type SshWait } from './sshProcess';

/** Seconds to reach a host, through any jump hosts, and to log in. */
const DEFAULT_SSH_TIMEOUT_SECONDS = 30;
/** Seconds that a master has to answer that it is there. */
const CHECK_SECONDS = 2;
/** Bytes of output that `run` collects, unless told. */
const DEFAULT_MAX_OUTPUT = 16 * 1024 * 1024;

/** How a machine is reached. Times are seconds. */
export interface SshMachineOptions {
  /** A host name, an address, or a name of the user's ssh configuration. */
  readonly host: string;
  readonly user?: string | undefined;
  readonly port?: number | undefined;
  readonly identityFile?: string | undefined;
  /** Read in the place of the user's ssh configuration. */
  readonly configFile?: string | undefined;
  /** Further options by their names in ssh_config, for instance `{ ProxyJump: 'gate' }`. */
  readonly options?: Readonly<Record<string, string>> | undefined;
  /**
   * A program that asks the user for passwords and passphrases, as ssh's SSH_ASKPASS, with variables for it. Without
   * one, nothing is ever asked: what needs an answer fails. It is asked about unknown host keys too.
   */
  readonly askpass?: { readonly program: string; readonly env?: NodeJS.ProcessEnv } | undefined;
  /** Seconds to reach the host and to log in; 30 by default, and without end where there is an askpass program. */
  readonly timeout?: number | undefined;
  /** The ssh program; the one on the PATH by default. */
  readonly sshExecutable?: string | undefined;
}

/** How `SshMachine.run` runs a program. */
export interface RunOptions extends SshWait {
  /** Given to the program's standard input. */
  readonly input?: string | Uint8Array | undefined;
  /** Bytes of output; 16 MiB by default. */
  readonly maxOutput?: number | undefined;
}

/** How a program on the machine ended, and what it wrote. */
export interface RunResult {
  readonly stdout: string;
  /** What ssh and the program wrote there; of more than 16,384 characters, the newest. */
  readonly stderr: string;
  readonly code: number;
}

export interface SocketTunnelOptions extends SshWait {
  /** The Python 3 there that carries the bytes, with arguments if it is a list; found by itself unless told. */
  readonly pythonExecutable?: string | readonly string[] | undefined;
}

/** A stream through an SSH tunnel, which ends with it (`TunneledSocketStream` upstream). */
export class TunneledSocketStream extends DuplexStream {}

/**
 * A machine that is reached over SSH. Nothing is connected before it is used, and each use is an ssh process of its own;
 * those who want one connection for all of them use ControlPath in their ssh configuration.
 */
export class SshMachine implements Disposable, AsyncDisposable {
  /** As it was given. */
  readonly host: string;
  /** Where it leads, for people: `user@host:port` as far as they were given. */
  readonly description: string;
  private readonly processes = new Set<SshProcess>();
  private isClosed = false;

  /** @throws TypeError or RangeError for what must not be given to ssh: a host that begins with `-`, for instance */
  constructor(private readonly options: SshMachineOptions) {
    const { host, user, port } = options;
    checkName('Host', host, HOST_FORBIDDEN);
    if (user !== undefined) checkName('User', user, USER_FORBIDDEN);
    if (port !== undefined) checkPort(port);
    for (const [name, value] of Object.entries(options.options ?? {})) checkOption(name, value);
    for (const file of [options.identityFile, options.configFile, options.sshExecutable]) {
      if (file !== undefined && (file === '' || CONTROL.test(file)))
        throw new TypeError('File name is not valid');
    }
    this.host = host;
    const endpoint = port === undefined ? host : describeEndpoint(host, port);
    this.description = user === undefined ? endpoint : `${user}@${endpoint}`;
  }

  /** Whether it was closed; nothing can be started on it then. */
  get closed(): boolean {
    return this.isClosed;
  }

  /**
   * Opens a tunnel to a port that the machine can reach (`ssh -W`).
   *
   * @param remoteHost as the machine sees it; `localhost` is the machine itself
   * @returns a stream; where the far end is refused after all, that is its error
   * @throws ConnectError: `ERR_SSH_MISSING`, `ERR_HOST_KEY`, `ERR_AUTHENTICATION`, `ERR_DNS`, `ERR_REFUSED`,
   *   `ERR_UNREACHABLE`, `ERR_TIMEOUT`, `ERR_ABORTED`, `ERR_CLOSED`, `ERR_SSH`
   */
  async tunnel(remoteHost: string, remotePort: number, wait: SshWait = {}): Promise<Duplex> {
    checkName('Host', remoteHost, HOST_FORBIDDEN);
    checkPort(remotePort);
    const endpoint = describeEndpoint(remoteHost, remotePort);
    const process = await this.start(
      [...TUNNEL_OPTIONS, '-W', endpoint],
      [],
      `${endpoint} through ${this.description}`,
    );
    await this.reached(process, wait, undefined, () => this.hasMaster());
    return new SshDuplex(process);
  }

  /**
   * Opens a tunnel to a Unix socket of the machine. OpenSSH cannot do that without a listening socket on this side before
   * 9.4, so a few lines of Python carry the bytes there.
   *
   * @throws as `tunnel`
   */
  async tunnelToSocket(path: string, options: SocketTunnelOptions = {}): Promise<Duplex> {
    if (path === '' || path.includes('\0')) throw new TypeError('Path of the socket is not valid');
    const argv = remotePython(options.pythonExecutable);
    const process = await this.startCommand(argv, `${path} on ${this.description}`);
    const stream = new SshDuplex(process, Buffer.from(RELAY_MARKER, 'latin1'));
    process.stdin.write(scriptInput(RELAY_SCRIPT, { path }));
    // Until it is handed out, this call tells what ends it.
    const hush = (): void => undefined;
    stream.on('error', hush);
    await this.reached(process, options, stream.markerSeen);
    stream.off('error', hush);
    return stream;
  }

  /**
   * Runs a program on the machine to its end. The words reach it as they are, whatever they hold.
   *
   * @returns its output as UTF-8 and its exit code, whatever that is
   * @throws ConnectError as `tunnel` where ssh itself fails, which it tells by exit code 255; `ERR_LIMIT` for more output
   *   than allowed. `timeout` is for the whole run here, and there is none unless given
   */
  async run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    const process = await this.startCommand(argv, this.description, { ownCodes: true });
    const { maxOutput = DEFAULT_MAX_OUTPUT, timeout, signal } = options;
    const chunks: Buffer[] = [];
    let size = 0;
    const done = new Promise<void>((resolve, reject) => {
      process.stdout.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size <= maxOutput) chunks.push(chunk);
        else
          reject(
            new ConnectError(`Output is longer than ${maxOutput} bytes: ${process.where}`, ErrorCode.limit),
          );
      });
      void process.exited.then(() => resolve());
    });
    process.stdin.end(options.input ?? '');
    await process.reached({ timeout, signal }, done);
    const code = await process.exited;
    if (code === null || this.isClosed) throw this.closedError(process.where);
    const failure = process.failure(code);
    if (failure !== undefined) throw failure;
    return { stdout: Buffer.concat(chunks).toString('utf8'), stderr: process.words.toString(), code };
  }

  /**
   * Starts a program on the machine; whoever started it owns the process.
   *
   * @param ownCodes whether the program's exit codes are no failures of ssh, which has 255 for them
   * @throws ConnectError with `ERR_SSH_MISSING`
   */
  async startCommand(
    argv: readonly string[],
    where: string,
    { ownCodes = false }: { readonly ownCodes?: boolean } = {},
  ): Promise<SshProcess> {
    if (argv.length === 0 || argv.some((word) => word.includes('\0')))
      throw new TypeError('Command is not valid');
    return await this.start(COMMAND_OPTIONS, [argv.map(quoteForShell).join(' ')], where, ownCodes);
  }

  /**
   * Waits until a process has logged in, for as long as this machine may take.
   *
   * @throws as `tunnel`; the process has gone then
   */
  async reached(
    process: SshProcess,
    { timeout, signal }: SshWait,
    isOpen?: Promise<void>,
    hasMaster?: () => Promise<boolean>,
  ): Promise<void> {
    const usual = this.options.askpass === undefined ? DEFAULT_SSH_TIMEOUT_SECONDS : undefined;
    await process.reached({ timeout: timeout ?? this.options.timeout ?? usual, signal }, isOpen, hasMaster);
  }

  /** Ends every tunnel and run of this machine, and resolves once their processes have gone. */
  async close(): Promise<void> {
    this.isClosed = true;
    const processes = [...this.processes];
    for (const process of processes) process.dispose();
    await Promise.all(processes.map((process) => process.exited));
  }

  dispose(): void {
    void this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private async start(
    options: readonly string[],
    command: readonly string[],
    where: string,
    ownCodes = false,
  ): Promise<SshProcess> {
    if (this.isClosed) throw this.closedError(where);
    const args = [...options, ...this.arguments(), '--', this.host, ...command];
    const process = await SshProcess.start({ ...this.environment(), args, where, ownCodes });
    this.processes.add(process);
    void process.exited.then(() => this.processes.delete(process));
    // It may have been closed while the process was being started.
    if (this.closed) process.dispose();
    return process;
  }

  /** Whether the user's configuration has a ControlPath with a master behind it. */
  private async hasMaster(): Promise<boolean> {
    const process = await this.start(['-O', 'check'], [], this.description);
    const patience = after(CHECK_SECONDS, () => process.dispose());
    process.stdin.end();
    process.stdout.resume();
    const code = await process.exited;
    patience.dispose();
    return code === 0;
  }

  private closedError(where: string): ConnectError {
    return new ConnectError(`SSH machine is closed: ${where}`, ErrorCode.closed);
  }

  private arguments(): string[] {
    const { user, port, identityFile, configFile, askpass, options = {}, timeout } = this.options;
    const seconds = Math.max(1, Math.ceil(timeout ?? DEFAULT_SSH_TIMEOUT_SECONDS));
    // OpenSSH takes the first value of each option. Nothing here touches how host keys are checked.
    return [
      ...(configFile === undefined ? [] : ['-F', configFile]),
      ...['-T', '-a', '-x', '-o', `BatchMode=${askpass === undefined ? 'yes' : 'no'}`],
      // A master that stays behind would outlive us; one that the user has is used all the same.
      ...['-o', 'ControlMaster=no'],
      ...Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]),
      ...['-o', `ConnectTimeout=${seconds}`, '-o', 'ServerAliveInterval=15', '-o', 'ServerAliveCountMax=2'],
      ...(identityFile === undefined ? [] : ['-i', identityFile]),
      ...(port === undefined ? [] : ['-p', String(port)]),
      ...(user === undefined ? [] : ['-l', user]),
    ];
  }

  private environment(): Pick<SshCommand, 'program' | 'env'> {
    const { askpass, sshExecutable: program = 'ssh' } = this.options;
    if (askpass === undefined) return { program, env: process.env };
    const asking = { SSH_ASKPASS: askpass.program, SSH_ASKPASS_REQUIRE: 'force' };
    // Before 8.4, OpenSSH asks through the program only where there is a display.
    return { program, env: { DISPLAY: ':0', ...process.env, ...askpass.env, ...asking } };
  }
}

/** A command must not open the user's forwards once more, nor run what the user has set for logins. */
const COMMAND_OPTIONS = ['-o', 'ClearAllForwardings=yes', '-o', 'RemoteCommand=none', '-o', 'LogLevel=INFO'];
/** At this level ssh tells when it has logged in. */
const TUNNEL_OPTIONS = ['-o', 'RemoteCommand=none', '-o', 'LogLevel=VERBOSE'];

const CONTROL = /\p{Cc}/u;
/** What OpenSSH itself refuses since 9.6: names go into commands of the user's configuration. */
const HOST_FORBIDDEN = /^-|@-|[\p{Cc}\s'"`$\\;&<>|(){}]/u;
const USER_FORBIDDEN = /^-|[\p{Cc}\s'"`;&<>|(){}]|\\$/u;

function checkName(what: string, name: string, forbidden: RegExp): void {
  if (typeof name === 'string' && name !== '' && !forbidden.test(name)) return;
  throw new TypeError(`${what} ${JSON.stringify(name)} is not valid for SSH`);
}

function checkOption(name: string, value: string): void {
  if (/^[A-Za-z]\w*$/.test(name) && !CONTROL.test(value)) return;
  throw new TypeError(`SSH option ${JSON.stringify(name)} is not valid`);
}

/** One word for a POSIX shell, which is what sshd gives a command to. */
function quoteForShell(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

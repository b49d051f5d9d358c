/**
 * A real sshd on 127.0.0.1, run by the current user, with keys, configuration and temp directory of its own; and what a
 * client needs to reach it without ever looking at the user's own ssh files.
 */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';

import { TestProcess } from './childProcess';
import { eventually } from './poll';
import { descendants, type ProcessEntry, processesWithVariable, processTable } from './processTable';

const SSHD = '/usr/sbin/sshd';
const HOST = '127.0.0.1';
/** Where an sshd that runs as root locks its unprivileged half in; it does not start without. */
const PRIVILEGE_SEPARATION = '/run/sshd';

export interface SshdOptions {
  /** Name of the host in the client's configuration; `box` unless told. */
  readonly alias?: string;
  /** Reached through this one, which is then the client's ProxyJump. */
  readonly through?: Sshd;
  /** Further lines of sshd_config. */
  readonly config?: readonly string[];
  /** Further lines of the host's block in the client's configuration. */
  readonly clientConfig?: readonly string[];
}

/** Starts sshd and waits until it takes connections. */
export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  if (!existsSync(SSHD)) throw new Error(`${SSHD} is missing: install openssh-server`);
  if (process.getuid?.() === 0) mkdirSync(PRIVILEGE_SEPARATION, { recursive: true, mode: 0o755 });
  const folder = mkdtempSync(path.join(tmpdir(), 'sshd-'));
  try {
    const port = await freePort();
    const sshd = new Sshd(folder, port, options);
    await sshd.ready();
    return sshd;
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

export class Sshd implements AsyncDisposable {
  readonly host = HOST;
  readonly user = userInfo().username;
  readonly alias: string;
  /** The client's private key, which this sshd accepts. */
  readonly identityFile: string;
  /** A key that it does not accept. */
  readonly wrongIdentityFile: string;
  readonly hostKeyFile: string;
  readonly knownHostsFile: string;
  /** Configuration for the client: `ssh -F <it> <alias>` gets in. */
  readonly configFile: string;
  /** What is logged in through it has this as TMPDIR; the name has spaces. */
  readonly tempDir: string;
  private readonly child: TestProcess;

  constructor(
    readonly folder: string,
    readonly port: number,
    options: SshdOptions,
  ) {
    const file = (name: string): string => path.join(folder, name);
    this.alias = options.alias ?? 'box';
    this.identityFile = makeKey(file('user_key'));
    this.wrongIdentityFile = makeKey(file('wrong_key'));
    this.hostKeyFile = makeKey(file('host_key'));
    this.knownHostsFile = file('known_hosts');
    this.configFile = file('client_config');
    this.tempDir = file('temp dir');
    mkdirSync(this.tempDir, { mode: 0o700 });
    writeFileSync(file('authorized_keys'), readFileSync(`${this.identityFile}.pub`));
    const publicKey = readFileSync(`${this.hostKeyFile}.pub`, 'utf8').split(' ').slice(0, 2).join(' ');
    writeFileSync(this.knownHostsFile, `[${HOST}]:${port} ${publicKey}\n`);
    writeFileSync(file('sshd_config'), this.serverConfig(options.config ?? []));
    writeFileSync(this.configFile, this.clientConfig(options));
    this.child = new TestProcess(SSHD, ['-D', '-e', '-f', file('sshd_config')]);
  }

  get log(): string {
    return this.child.stderr;
  }

  /** Options of an `SshMachine` that gets in. */
  get machine(): { readonly host: string; readonly configFile: string } {
    return { host: this.alias, configFile: this.configFile };
  }

  /** Logins that were let in so far. */
  get logins(): number {
    return this.log.match(/^Accepted publickey/gm)?.length ?? 0;
  }

  /** Processes that serve connections. */
  get sessions(): ProcessEntry[] {
    return processTable().filter(({ parent }) => parent === this.child.pid);
  }

  /** Whatever still runs of what was logged in, sshd's own processes left out. */
  get guests(): ProcessEntry[] {
    const own = new Set([this.child.pid, ...this.sessions.map(({ pid }) => pid)]);
    return processesWithVariable('TMPDIR', this.tempDir).filter(({ pid }) => !own.has(pid));
  }

  /** What lies in the temp directory. */
  get leftFiles(): string[] {
    return readdirSync(this.tempDir);
  }

  /** Cuts every connection, as a broken network does. */
  dropConnections(): void {
    const table = processTable();
    for (const { pid } of this.sessions) {
      const own = descendants(pid, table).filter(({ command }) => command.startsWith('sshd'));
      for (const target of [pid, ...own.map((entry) => entry.pid)]) kill(target);
    }
  }

  async ready(): Promise<void> {
    try {
      await eventually('sshd listens', () => {
        if (this.child.hasEnded) throw new Error(this.log);
        return this.log.includes(`Server listening on ${HOST} port ${this.port}`);
      });
    } catch (error) {
      await this.child[Symbol.asyncDispose]();
      throw new Error(`sshd did not start\n${this.log}`, { cause: error });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.dropConnections();
    for (const { pid } of this.guests) kill(pid);
    await this.child[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private serverConfig(more: readonly string[]): string {
    return lines([
      `Port ${this.port}`,
      `ListenAddress ${HOST}`,
      `HostKey ${this.hostKeyFile}`,
      `AuthorizedKeysFile ${path.join(this.folder, 'authorized_keys')}`,
      'PidFile none',
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'AllowStreamLocalForwarding yes',
      'MaxStartups 100',
      'MaxSessions 100',
      `SetEnv "TMPDIR=${this.tempDir}"`,
      ...more,
    ]);
  }

  private clientConfig({ through, clientConfig = [] }: SshdOptions): string {
    const host = lines([
      `Host ${this.alias}`,
      `  HostName ${HOST}`,
      `  Port ${this.port}`,
      `  User ${this.user}`,
      `  IdentityFile ${this.identityFile}`,
      '  IdentitiesOnly yes',
      '  IdentityAgent none',
      `  UserKnownHostsFile ${this.knownHostsFile}`,
      '  GlobalKnownHostsFile /dev/null',
      ...(through === undefined ? [] : [`  ProxyJump ${through.alias}`]),
      ...clientConfig.map((line) => `  ${line}`),
    ]);
    return through === undefined ? host : host + readFileSync(through.configFile, 'utf8');
  }
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

function makeKey(file: string): string {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', file]);
  return file;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('There is no free port');
  return address.port;
}

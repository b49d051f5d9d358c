/** Real classic servers of one version that are reached in other ways than over TCP, for all tests of a suite. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { SshMachine } from '../../server/src/rpyc/index';
import { TestAuthority } from './certificates';
import {
  CLASSIC_PROGRAM,
  pythonEnv,
  type PythonPeer,
  type RpycVersion,
  startClassic,
  startPeer,
} from './pythonPeer';
import { type Sshd, startSshd } from './sshd';

export class WayPeers {
  /** What is to be ended, the newest first. */
  readonly #endings: (() => PromiseLike<void>)[] = [];
  #authority: TestAuthority | undefined;
  #folder: string | undefined;
  #overTls: PythonPeer | undefined;
  #onSocket: PythonPeer | undefined;
  #sshd: Sshd | undefined;
  #machine: SshMachine | undefined;

  constructor(private readonly version: RpycVersion) {
    before(async () => {
      await this.start();
    });
    after(async () => {
      for (const end of this.#endings.splice(0)) await end();
    });
  }

  /** A server over TLS, and the certificate to trust. */
  get tls(): { readonly port: number; readonly pid: number; readonly ca: string } {
    const { port, pid } = running(this.#overTls);
    return { port, pid, ca: running(this.#authority).ca };
  }

  /** A server on a Unix socket. */
  get unix(): { readonly path: string; readonly pid: number } {
    return { path: this.socketPath, pid: running(this.#onSocket).pid };
  }

  /** Reaches this machine over SSH. */
  get machine(): SshMachine {
    return running(this.#machine);
  }

  /** Starts a server on its standard streams, which speaks first. */
  get stdio(): { readonly args: readonly string[]; readonly env: NodeJS.ProcessEnv } {
    const { python, env } = pythonEnv(this.version);
    return { args: [python, '-u', '-c', CLASSIC_PROGRAM, '-q', '-m', 'stdio'], env };
  }

  private get socketPath(): string {
    return path.join(running(this.#folder), 'socket');
  }

  private owned<T extends AsyncDisposable>(resource: T): T {
    this.#endings.unshift(() => resource[Symbol.asyncDispose]());
    return resource;
  }

  private async start(): Promise<void> {
    const folder = await mkdtemp(path.join(tmpdir(), 'rpyc-ways-'));
    this.#endings.unshift(() => rm(folder, { recursive: true }));
    this.#folder = folder;
    this.#authority = this.owned(await TestAuthority.create());
    const { cert, key } = await this.#authority.issue('server');
    const args = ['--ssl-keyfile', key, '--ssl-certfile', cert];
    this.#overTls = this.owned(await startClassic(this.version, { args }));
    this.#onSocket = this.owned(await startPeer(this.version, 'socket_service.py', [this.socketPath]));
    this.#sshd = this.owned(await startSshd());
    this.#machine = this.owned(new SshMachine(this.#sshd.machine));
  }
}

function running<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('The servers run during tests only');
  return value;
}

/** A registry and a demo server inside the background process: both end with it at the latest. */
import type { LocalServers, RegistryAddress, ServerAddress } from '../../api/discovery';
import { Emitter, type Event, type Logger, type RegistryServer } from '../../rpyc/index';
import { ProblemError, cannotListen } from '../problem';

/** Seconds after which the demo server registers again, as servers do. */
const REREGISTER_SECONDS = 60;

/** A demo server that runs. */
export interface DemoServer {
  readonly address: ServerAddress;
  /** Under which it registers. */
  readonly names: readonly string[];
  close(): Promise<void>;
}

export interface LocalServersOptions {
  /** Starts the demo server on this machine's own address; port 0 takes a free one. */
  readonly startDemo: (port: number) => Promise<DemoServer>;
  readonly logger: Logger;
}

export class LocalServerKeeper {
  private readonly changed = new Emitter<LocalServers>();
  private registry: { readonly server: RegistryServer; readonly address: RegistryAddress } | undefined;
  private demo: DemoServer | undefined;
  private renewal: NodeJS.Timeout | undefined;
  /** One change after the other. */
  private last: Promise<unknown> = Promise.resolve();

  readonly onDidChange: Event<LocalServers> = this.changed.event;

  constructor(private readonly options: LocalServersOptions) {}

  get state(): LocalServers {
    const { registry, demo } = this;
    return {
      ...(registry !== undefined && { registry: registry.address }),
      ...(demo !== undefined && { demo: demo.address }),
    };
  }

  /**
   * Starts a registry that tells its names. The one that runs, if any, ends.
   * @throws ProblemError where the address cannot be listened on
   */
  startRegistry(wanted: RegistryAddress): Promise<LocalServers> {
    return this.change(async () => {
      await this.endRegistry();
      const { mode, host, port } = wanted;
      const options = { host, port, allowListing: true, logger: this.options.logger };
      const { createRegistry } = await import(/* webpackChunkName: "registry" */ './registryServers.js');
      const server = createRegistry(mode, options);
      await this.listening('registry', wanted, () => server.start());
      this.registry = { server, address: { mode, host, port: server.port } };
      this.registerDemo();
    });
  }

  stopRegistry(): Promise<LocalServers> {
    return this.change(() => this.endRegistry());
  }

  /**
   * Starts the demo server, where it does not run, and registers it with our own registry.
   * @throws ProblemError where the address cannot be listened on
   */
  startDemo(port: number): Promise<LocalServers> {
    return this.change(async () => {
      if (this.demo === undefined) {
        const { startDemo } = this.options;
        this.demo = await this.listening('demo server', { host: '127.0.0.1', port }, () => startDemo(port));
        this.registerDemo();
      }
    });
  }

  stopDemo(): Promise<LocalServers> {
    return this.change(() => this.endDemo());
  }

  /** Ends both. */
  async close(): Promise<void> {
    await this.change(async () => {
      await Promise.all([this.endDemo(), this.endRegistry()]);
    });
    this.changed.dispose();
  }

  private change(work: () => Promise<void>): Promise<LocalServers> {
    const done = this.last.then(async () => {
      try {
        await work();
      } finally {
        this.changed.fire(this.state);
      }
      return this.state;
    });
    this.last = done.catch(() => undefined);
    return done;
  }

  private async listening<T>(what: string, where: ServerAddress, start: () => Promise<T>): Promise<T> {
    try {
      return await start();
    } catch (error) {
      throw new ProblemError(cannotListen(what, where, error), { cause: error });
    }
  }

  /** Directly: a registration by the network could be answered by another registry. */
  private registerDemo(): void {
    const { demo, registry } = this;
    if (demo === undefined || registry === undefined) {
      return;
    }
    const register = (): unknown =>
      registry.server.cmdRegister(demo.address.host, demo.names, demo.address.port);
    register();
    clearInterval(this.renewal);
    this.renewal = setInterval(register, REREGISTER_SECONDS * 1000);
  }

  private async endRegistry(): Promise<void> {
    clearInterval(this.renewal);
    const ended = this.registry?.server;
    this.registry = undefined;
    await ended?.close();
  }

  private async endDemo(): Promise<void> {
    clearInterval(this.renewal);
    const ended = this.demo;
    this.demo = undefined;
    if (ended !== undefined) {
      this.registry?.server.cmdUnregister(ended.address.host, ended.address.port);
    }
    await ended?.close();
  }
}

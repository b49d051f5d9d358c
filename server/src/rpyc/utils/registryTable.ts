/*
 * What a registry knows: names, and the servers behind each. The table of rpyc/utils/registry.py with its rules of
 * pruning. Differs on purpose: it is bounded, and what was not there is not told as removed.
 */

import type { ServerAddress } from './registryMessages';

export interface ServiceTableOptions {
  /** Seconds after which a registration that was not renewed is dropped, once somebody asks for its name. */
  readonly pruningTimeout: number;
  /** Registrations at a time: a server under two names counts twice. */
  readonly maxRegistrations: number;
  /** A server appears under a name where it was not before. */
  readonly onAdded: (name: string, address: ServerAddress) => void;
  /** A server was not renewed in time; `onRemoved` follows. */
  readonly onStale?: ((address: ServerAddress) => void) | undefined;
  /** A server is no longer there under a name: it went, or was dropped. */
  readonly onRemoved: (name: string, address: ServerAddress) => void;
  /** Seconds since some moment. */
  readonly now?: (() => number) | undefined;
}

interface Registration {
  readonly address: ServerAddress;
  readonly renewed: number;
}

/** The servers of one name by their address, renewed longest ago first. */
type Servers = Map<string, Registration>;

/** Names are in capitals, and in the order in which they first appeared. */
export class ServiceTable {
  private readonly services = new Map<string, Servers>();
  private readonly now: () => number;
  private count = 0;

  constructor(private readonly options: ServiceTableOptions) {
    this.now = options.now ?? (() => performance.now() / 1000);
  }

  /** Registrations that are held. */
  get size(): number {
    return this.count;
  }

  get names(): readonly string[] {
    return [...this.services.keys()];
  }

  /** Adds a server under names, or renews it. False, with nothing done, where the table is full. */
  add(names: readonly string[], address: ServerAddress): boolean {
    const key = keyOf(address);
    const wanted = [...new Set(names.map(capital))];
    const added = wanted.filter((name) => this.services.get(name)?.has(key) !== true).length;
    if (!this.hasRoom(added)) this.prune();
    if (!this.hasRoom(added)) return false;
    for (const name of wanted) this.renew(name, key, address);
    return true;
  }

  /** Removes a server from all names. */
  remove(address: ServerAddress): void {
    for (const name of this.names) this.drop(name, keyOf(address));
  }

  /** The servers under a name, renewed longest ago first. Those that were not renewed in time are dropped. */
  query(name: string): readonly ServerAddress[] {
    this.pruneName(capital(name));
    const servers = this.services.get(capital(name));
    return servers === undefined ? [] : [...servers.values()].map(({ address }) => address);
  }

  /** The names with a server on `host`. As upstream, nothing is dropped for it. */
  namesOn(host: string): readonly string[] {
    return this.names.filter((name) =>
      [...(this.services.get(name)?.values() ?? [])].some(({ address }) => address[0] === host),
    );
  }

  private hasRoom(added: number): boolean {
    return this.count + added <= this.options.maxRegistrations;
  }

  private renew(name: string, key: string, address: ServerAddress): void {
    let servers = this.services.get(name);
    if (servers === undefined) {
      servers = new Map();
      this.services.set(name, servers);
    }
    // Last again, so that the order is that of renewal.
    const isNew = !servers.delete(key);
    servers.set(key, { address, renewed: this.now() });
    if (!isNew) return;
    this.count++;
    this.options.onAdded(name, address);
  }

  private drop(name: string, key: string): void {
    const servers = this.services.get(name);
    const registration = servers?.get(key);
    if (servers === undefined || registration === undefined) return;
    servers.delete(key);
    if (servers.size === 0) this.services.delete(name);
    this.count--;
    this.options.onRemoved(name, registration.address);
  }

  private prune(): void {
    for (const name of this.names) this.pruneName(name);
  }

  private pruneName(name: string): void {
    const oldest = this.now() - this.options.pruningTimeout;
    for (const [key, { address, renewed }] of this.services.get(name) ?? []) {
      if (renewed >= oldest) return;
      this.options.onStale?.(address);
      this.drop(name, key);
    }
  }
}

function capital(name: string): string {
  return name.toUpperCase();
}

function keyOf([host, port]: ServerAddress): string {
  return `${port} ${host}`;
}

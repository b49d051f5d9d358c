import { type FoundServer, type ServiceSearchResult, MAX_SERVERS } from '../../api/discovery';
import { isHost, isServiceName } from '../../api/transport';
import type { FoundService } from '../../rpyc/index';
import { addressFlags, isCheckable } from './addressFlags';

/** Servers as registries told them, each once, without those that make no sense. */
export class FoundServers {
  private readonly byKey = new Map<string, { readonly nearby: boolean; readonly server: FoundServer }>();
  private leftOut = 0;
  private truncated = false;

  add(services: readonly FoundService[]): void {
    for (const service of services) {
      this.addOne(service);
    }
  }

  get result(): Omit<ServiceSearchResult, 'registries'> {
    const servers = [...this.byKey.values()].map(({ server }) => server);
    return { servers, leftOut: this.leftOut, truncated: this.truncated };
  }

  private addOne({ name: told, host, port, nearby: isNearby, registry }: FoundService): void {
    if (!isServiceName(told) || !isHost(host)) {
      this.leftOut++;
      return;
    }
    const name = told.toUpperCase();
    const key = `${port} ${host} ${name}`;
    const before = this.byKey.get(key);
    if (before === undefined && this.byKey.size >= MAX_SERVERS) {
      this.truncated = true;
      return;
    }
    // Where one registry is near the server, the word of the others makes it no stranger.
    const nearby = isNearby || before?.nearby === true;
    const flags = addressFlags(host, port, nearby);
    const id = `${registry.transport} ${registry.address} ${registry.port}`;
    const registries = [...new Set([...(before?.server.registries ?? []), id])];
    const server = { name, host, port, flags, checkable: isCheckable(flags), registries };
    this.byKey.set(key, { nearby, server });
  }
}

/** A strict service whose refusals are logged, a relay that counts what is asked of it, and a tree that looks at it. */
import type { ObjectNode } from '../../server/src/api/model';
import { Handler } from '../../server/src/rpyc/index';
import { Explorer, named } from './explorer';
import { type PythonPeer, type RpycVersion, startPeer } from './pythonPeer';
import { Relay } from './relay';
import type { RelayCounts } from './relayMessages';

const SCRIPT = 'open_service.py';

/** Requests of one sort that were sent. */
export function requests({ up }: RelayCounts, handler: Handler): number {
  return up.requests[handler] ?? 0;
}

/** All requests but those that let go of something. */
export function asked({ up }: RelayCounts): number {
  return Object.entries(up.requests)
    .filter(([handler]) => Number(handler) !== (Handler.del as number))
    .reduce((sum, [, count]) => sum + count, 0);
}

/** What the log of a server says of requests that failed. */
export function refusals(server: PythonPeer): readonly string[] {
  return server.log().match(/^.*(?:AttributeError|Exception caught|cannot access).*$/gm) ?? [];
}

export class PolicyBench implements AsyncDisposable {
  private constructor(
    readonly server: PythonPeer,
    readonly relay: Relay,
    readonly explorer: Explorer,
  ) {}

  static async start(version: RpycVersion, modes: readonly string[] = []): Promise<PolicyBench> {
    const server = await startPeer(version, SCRIPT, modes);
    const relay = await Relay.start(server);
    return new PolicyBench(server, relay, await Explorer.connect(relay));
  }

  async rows(node?: ObjectNode): Promise<readonly ObjectNode[]> {
    return (await this.explorer.page(node ?? this.explorer.root('Root service'), 0, 500)).nodes;
  }

  async read(name: string, anyway = false): Promise<ObjectNode> {
    return this.explorer.tree.read(named(await this.rows(), name).handle, undefined, anyway);
  }

  async counted<T>(work: () => Promise<T>): Promise<readonly [T, RelayCounts]> {
    await this.relay.reset();
    const result = await work();
    return [result, await this.relay.counts()];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.explorer[Symbol.asyncDispose]();
    await this.relay[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
  }
}

/*
 * Asking every registry around, which upstream does not do: each network interface's broadcast address and any named
 * hosts, by UDP and TCP at once, with the registry that gave each answer. Nothing of it is connected to: rows are hints.
 */

import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';

import { connectError } from '../core/connectErrors';
import { DEFAULT_REGISTRY_PORT } from '../core/consts';
import { ConnectError, ErrorCode, RpycError } from '../core/errors';
import { deferred, onAbort, withTimeout } from '../lib/deferred';
import { errorText } from '../lib/errorText';
import { type Logger, silentLogger } from '../lib/logger';
import {
  DEFAULT_REGISTRY_TIMEOUT_SECONDS,
  type RegistryClient,
  TCPRegistryClient,
  UDPRegistryClient,
} from './registryClient';
import { askByDatagrams, askingAborted, type Responder, type TimedDatagram } from './registryDatagrams';
import { decodeNames, decodeServers, encodeCommand, type ServerAddress } from './registryMessages';
import { broadcastTargets, nearbyTest, type RegistryTarget } from './registryNetworks';

/** A registry, or a target where none answered. */
export interface RegistryReport {
  /** Address that the answer came from; of a target that did not answer, its own. */
  readonly address: string;
  readonly port: number;
  readonly transport: 'udp' | 'tcp';
  /** Name of the interface that the question left by; undefined for a named host. */
  readonly interface: string | undefined;
  /** What was asked: a broadcast address, or a host as it was named. */
  readonly target: string;
  readonly answered: boolean;
  /** Whether it told all its names; undefined where it was asked for one service, or did not answer. */
  readonly listing: 'allowed' | 'forbidden' | undefined;
  /** It told more than is shown, or more names than it was asked for in time. */
  readonly truncated: boolean;
  /** Code of the error that kept the target from being asked. */
  readonly problem: string | undefined;
}

/** A server that a registry told about. */
export interface FoundService {
  /** As the registry spells it, in capitals; as it was asked for where one service was. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly registry: RegistryReport;
  /**
   * Whether the host is the registry's own, or on the network of the interface that was asked. Where it is false, a
   * registry sends its clients elsewhere: look twice before connecting.
   */
  readonly nearby: boolean;
}

/** What `discoverEverywhere` has found. */
export interface FoundServices {
  readonly services: readonly FoundService[];
  /** Every registry that answered, and every target where none did. */
  readonly registries: readonly RegistryReport[];
}

/** Whom `discoverEverywhere` asks, and for how long. */
export interface DiscoverEverywhereOptions {
  /** Whom to ask, hosts by name or address among them; `broadcastTargets()` by default. */
  readonly targets?: readonly (RegistryTarget | string)[] | undefined;
  /** Port of targets that do not name one; 18811 by default. */
  readonly port?: number | undefined;
  /** Seconds for all of it; 2 by default. Broadcasts take them all, since nothing tells that everyone has answered. */
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly logger?: Logger | undefined;
}

/** Names that one registry is asked for. */
const MAX_NAMES = 1000;
/** Servers that are shown of one registry. */
const MAX_ROWS = 1000;
/** Registries whose answers to one broadcast are taken. */
const MAX_RESPONDERS = 100;
/** Questions to one registry at a time. */
const PARALLEL = 8;

/**
 * Asks every target for one service, or for all of them, and says who answered what. Where a registry forbids listing,
 * its report says so, and asking for a service by name works nonetheless.
 *
 * @param name a service or an alias; undefined for all services
 * @throws ConnectError with `ERR_ABORTED`, and nothing else: a target that cannot be asked is reported
 */
export async function discoverEverywhere(
  name?: string,
  options: DiscoverEverywhereOptions = {},
): Promise<FoundServices> {
  const { targets = broadcastTargets(), signal } = options;
  const result = deferred<undefined>();
  const listening = onAbort(signal, (reason) => result.reject(askingAborted('every registry', reason)));
  const search = new Search(name, options);
  const asked = targets.map((target) =>
    search.ask(typeof target === 'string' ? { address: target } : target),
  );
  Promise.all(asked).then(
    () => result.resolve(undefined),
    (error: unknown) => result.reject(error),
  );
  try {
    await result.promise;
  } finally {
    listening.dispose();
  }
  return search.found;
}

type Target = RegistryTarget & Required<Pick<RegistryTarget, 'port' | 'transport'>>;
type NamedServers = readonly [name: string, servers: readonly ServerAddress[]];

class Search {
  private readonly services: FoundService[] = [];
  private readonly registries: RegistryReport[] = [];
  private readonly timeout: number;
  private readonly deadline: number;
  private readonly logger: Logger;

  constructor(
    private readonly name: string | undefined,
    private readonly options: DiscoverEverywhereOptions,
  ) {
    this.timeout = options.timeout ?? DEFAULT_REGISTRY_TIMEOUT_SECONDS;
    this.deadline = performance.now() + this.timeout * 1000;
    this.logger = options.logger ?? silentLogger;
  }

  get found(): FoundServices {
    return { services: this.services, registries: this.registries };
  }

  async ask(asked: RegistryTarget): Promise<void> {
    const { port = this.options.port ?? DEFAULT_REGISTRY_PORT, transport = 'udp' } = asked;
    const target: Target = { ...asked, port, transport };
    try {
      if (transport === 'udp' && asked.broadcast === true) await this.askMany(target);
      else await this.askOne(target);
    } catch (error) {
      if (this.options.signal?.aborted === true) throw error;
      this.logger.warn(`Asking ${target.address}: ${errorText(error)}`);
      this.report(target, undefined, {
        problem: error instanceof RpycError ? error.code : ErrorCode.unreachable,
      });
    }
  }

  private get secondsLeft(): number {
    return Math.max(0, (this.deadline - performance.now()) / 1000);
  }

  /** Whoever hears the broadcast may answer; of each, the first answer counts. */
  private async askMany(target: Target): Promise<void> {
    const { name } = this;
    const heard = new Set<string>();
    const questions: Promise<void>[] = [];
    const take = (bytes: Uint8Array, from: Responder): undefined => {
      if (heard.has(from.address) || heard.size >= MAX_RESPONDERS) return;
      if (name !== undefined) {
        const servers = decodeServers(bytes);
        if (servers === undefined) return;
        this.show(target, from, undefined, [[name, servers]]);
      } else {
        const names = decodeNames(bytes);
        if (names === undefined) return;
        const question = this.askForEach(target, from, names);
        // It may fail while answers are still awaited; that is told below.
        question.catch(() => undefined);
        questions.push(question);
      }
      heard.add(from.address);
    };
    const { address, port, localAddress } = target;
    const asked = { address, port, localAddress, ipv6: false, broadcast: true };
    await askByDatagrams(asked, this.requests(), take, {
      timeout: this.secondsLeft,
      signal: this.options.signal,
    });
    await Promise.all(questions);
    if (heard.size === 0) this.report(target, undefined, {});
  }

  private requests(): readonly TimedDatagram[] {
    const { name } = this;
    if (name !== undefined) return [{ bytes: encodeCommand({ command: 'QUERY', name }), afterSeconds: 0 }];
    return (['filtered', 'plain'] as const).map((form, index) => ({
      bytes: encodeCommand({ command: 'LIST', filterHost: null, form }),
      afterSeconds: (index * this.timeout) / 4,
    }));
  }

  private async askOne(target: Target): Promise<void> {
    const { name } = this;
    const from = { address: await this.resolve(target), port: target.port };
    // Half of the time is for the names, so that there is some left to ask for each.
    const client = this.clientFor(target, from, name === undefined ? this.secondsLeft / 2 : this.secondsLeft);
    const { signal } = this.options;
    if (name === undefined) {
      const names = await client.tryList(null, { signal });
      if (names === undefined) this.report(target, undefined, {});
      else await this.askForEach(target, from, names);
      return;
    }
    const servers = await client.tryDiscover(name, { signal });
    if (servers === undefined) this.report(target, undefined, {});
    else this.show(target, from, undefined, [[name, servers]]);
  }

  /** Asks the registry that listed `names` for the servers of each. */
  private async askForEach(target: Target, from: Responder, names: readonly string[] | null): Promise<void> {
    if (names === null) {
      this.report(target, from, { listing: 'forbidden' });
      return;
    }
    const { signal } = this.options;
    const wanted = [...new Set(names)].slice(0, MAX_NAMES);
    const servers = new Map<string, readonly ServerAddress[]>();
    const waiting = [...wanted];
    const askInTurn = async (): Promise<void> => {
      for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
        if (this.secondsLeft === 0) return;
        const client = this.clientFor(target, from, this.secondsLeft);
        const found = await client.tryDiscover(name, { signal }).catch((error: unknown) => {
          if (signal?.aborted === true) throw error;
          return undefined;
        });
        if (found !== undefined) servers.set(name, found);
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, askInTurn));
    const shown = wanted.flatMap((name): NamedServers[] => {
      const found = servers.get(name);
      return found === undefined ? [] : [[name, found]];
    });
    this.show(target, from, 'allowed', shown, shown.length < names.length);
  }

  private show(
    target: Target,
    from: Responder,
    listing: RegistryReport['listing'],
    found: readonly NamedServers[],
    isPart = false,
  ): void {
    const rows = found.flatMap(([name, servers]) => servers.map(([host, port]) => ({ name, host, port })));
    const registry = this.report(target, from, { listing, truncated: isPart || rows.length > MAX_ROWS });
    const isNearby = nearbyTest(registry.address, target.network);
    for (const row of rows.slice(0, MAX_ROWS)) {
      this.services.push({ ...row, registry, nearby: isNearby(row.host) });
    }
  }

  private report(
    target: Target,
    from: Responder | undefined,
    rest: Partial<Pick<RegistryReport, 'listing' | 'truncated' | 'problem'>>,
  ): RegistryReport {
    const registry: RegistryReport = {
      address: from?.address ?? target.address,
      port: target.port,
      transport: target.transport,
      interface: target.interface,
      target: target.address,
      answered: from !== undefined,
      listing: rest.listing,
      truncated: rest.truncated ?? false,
      problem: rest.problem,
    };
    this.registries.push(registry);
    return registry;
  }

  private clientFor(target: Target, from: Responder, timeout: number): RegistryClient {
    const options = { ip: from.address, port: target.port, timeout, logger: this.logger };
    return target.transport === 'tcp' ? new TCPRegistryClient(options) : new UDPRegistryClient(options);
  }

  private async resolve({ address }: Target): Promise<string> {
    if (isIP(address) !== 0) return address;
    const late = (): Error =>
      new ConnectError(`Host name was not found in time: ${address}`, ErrorCode.timeout);
    try {
      return (await withTimeout(lookup(address), this.secondsLeft, late)).address;
    } catch (error) {
      throw error instanceof RpycError || !(error instanceof Error) ? error : connectError(error, address);
    }
  }
}

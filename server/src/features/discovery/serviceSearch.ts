/** Asks registries for services, and puts their answers together. */
import {
  type RegistryAddress,
  type RegistryAnswer,
  type RegistryStatus,
  type ServiceSearchParams,
  type ServiceSearchResult,
  MAX_NAMES,
  MAX_REGISTRIES,
  checkRegistry,
} from '../../api/discovery';
import { DEFAULT_REGISTRY_PORT, isServiceName } from '../../api/transport';
import {
  type FoundServices,
  type Logger,
  type RegistryTarget,
  broadcastTargets,
  discoverEverywhere,
} from '../../rpyc/index';
import { FoundServers } from './foundServers';

/** Broadcasts take all of it, since nothing tells that everyone has answered. */
const BROADCAST_SECONDS = 1.2;
/** For a registry that the user has named; an answer ends the wait. */
const LIST_SECONDS = 1.2;
const NAME_SECONDS = 0.8;

const EVERY_ADDRESS = '0.0.0.0';
const LOOPBACK = '127.0.0.1';

export interface ServiceSearchOptions {
  /** The registry of this process, while there is one: it is asked too. */
  readonly local: () => RegistryAddress | undefined;
  readonly logger: Logger;
}

export class ServiceSearch {
  constructor(private readonly options: ServiceSearchOptions) {}

  /**
   * Asks everyone at once. Who cannot be asked, and who forbids to tell all names, is told in the result.
   * Sends nothing to the servers that it finds.
   */
  async search(params: ServiceSearchParams, signal: AbortSignal): Promise<ServiceSearchResult> {
    const around = params.broadcast ? broadcastTargets() : [];
    const names = [...new Set(params.names.filter(isServiceName))].slice(0, MAX_NAMES);
    const found = await Promise.all([
      this.askAround(around, names, signal),
      ...this.named(params.registries, around).map((target) => this.askOne(target, names, signal)),
    ]);
    const all = found.flat();
    const servers = new FoundServers();
    for (const { services } of all) {
      servers.add(services);
    }
    return { ...servers.result, registries: answers(all) };
  }

  /** The registries that the user has named, our own among them, without those that are asked anyway. */
  private named(
    registries: readonly RegistryAddress[],
    around: readonly RegistryTarget[],
  ): readonly RegistryTarget[] {
    const local = this.options.local();
    // One that listens on every address listens on this one.
    const own = local?.host === EVERY_ADDRESS ? { ...local, host: LOOPBACK } : local;
    const wanted = registries.flatMap((each) => checkRegistry(each) ?? []).slice(0, MAX_REGISTRIES);
    const asked = new Set(around.map(({ address }) => targetKey('udp', address, DEFAULT_REGISTRY_PORT)));
    return [...wanted, ...(own === undefined ? [] : [own])].flatMap(({ mode, host, port }) => {
      const key = targetKey(mode, host, port);
      if (asked.has(key)) {
        return [];
      }
      asked.add(key);
      const broadcast = mode === 'udp' && /^\d+\.\d+\.\d+\.255$/.test(host);
      return [{ address: host, port, transport: mode, broadcast }];
    });
  }

  private async askAround(
    targets: readonly RegistryTarget[],
    names: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly FoundServices[]> {
    return targets.length === 0 ? [] : this.ask([undefined, ...names], targets, BROADCAST_SECONDS, signal);
  }

  private async askOne(
    target: RegistryTarget,
    names: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly FoundServices[]> {
    const listed = await this.ask([undefined], [target], LIST_SECONDS, signal);
    // One that forbids listing, or is too old to know it, still tells where a name is.
    const isDone = listed[0]?.registries.every(
      ({ listing, problem }) => listing === 'allowed' || problem !== undefined,
    );
    return isDone === true ? listed : [...listed, ...(await this.ask(names, [target], NAME_SECONDS, signal))];
  }

  private ask(
    names: readonly (string | undefined)[],
    targets: readonly RegistryTarget[],
    timeout: number,
    signal: AbortSignal,
  ): Promise<readonly FoundServices[]> {
    const { logger } = this.options;
    return Promise.all(names.map((name) => discoverEverywhere(name, { targets, timeout, signal, logger })));
  }
}

function targetKey(mode: string, host: string, port: number): string {
  return `${mode} ${host} ${port}`;
}

const BEST_FIRST: readonly RegistryStatus[] = ['listed', 'forbidden', 'byName', 'failed', 'silent'];

/** One answer of each registry, whatever it was asked and by whichever interface; the best that it gave. */
function answers(all: readonly FoundServices[]): readonly RegistryAnswer[] {
  const byId = new Map<string, RegistryAnswer>();
  const reports = all.flatMap(({ registries }) => registries);
  const keyOf = ({ transport, target, port }: (typeof reports)[number]): string =>
    targetKey(transport, target, port);
  const answered = new Set(reports.filter((one) => one.answered).map(keyOf));
  for (const report of reports) {
    if (!report.answered && answered.has(keyOf(report))) {
      // Silent to one question, not to another.
      continue;
    }
    const { address: host, port, transport: mode, interface: name, truncated, problem } = report;
    const id = `${mode} ${host} ${port}`;
    const status = statusOf(report);
    const before = byId.get(id);
    const isBetter = before === undefined || BEST_FIRST.indexOf(status) < BEST_FIRST.indexOf(before.status);
    const interfaces = new Set([...(before?.interfaces ?? []), ...(name === undefined ? [] : [name])]);
    byId.set(id, {
      id,
      mode,
      host,
      port,
      interfaces: [...interfaces],
      status: isBetter ? status : before.status,
      truncated: truncated || before?.truncated === true,
      ...(problem !== undefined && { problem }),
    });
  }
  return [...byId.values()];
}

function statusOf({ answered, listing, problem }: FoundServices['registries'][number]): RegistryStatus {
  if (!answered) {
    return problem === undefined ? 'silent' : 'failed';
  }
  return listing === undefined ? 'byName' : listing === 'allowed' ? 'listed' : 'forbidden';
}

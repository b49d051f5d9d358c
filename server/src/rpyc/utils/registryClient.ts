/*
 * Clients of a registry, also called registrars, after rpyc/utils/registry.py. Differs on purpose: both forms of LIST
 * are tried, an answer that makes no sense is passed over, host names and IPv6 addresses work for TCP as well, and
 * whoever asks can stop asking. What a registry answers is a hint, for anyone may register anything with it.
 */

import { isIP, isIPv6 } from 'node:net';

import { DEFAULT_REGISTRY_PORT } from '../core/consts';
import { checkPort, describeEndpoint } from '../core/stream';
import { after, onAbort } from '../lib/deferred';
import { errorText } from '../lib/errorText';
import { type Logger, silentLogger } from '../lib/logger';
import { askByDatagrams, type DatagramTarget, sendDatagram } from './registryDatagrams';
import {
  decodeNames,
  decodeServers,
  encodeCommand,
  isAcknowledgement,
  type ListForm,
  MAX_DATAGRAM_BYTES,
  type RegistryCommand,
  type ServerAddress,
  type StringKind,
} from './registryMessages';
import { askByTcp } from './registryStreams';

/** Seconds until an answer is given up, where the caller does not say. */
export const DEFAULT_REGISTRY_TIMEOUT_SECONDS = 2;
/** Seconds after which a server registers again, so that it is not pruned. */
const REREGISTER_INTERVAL_SECONDS = 60;

/** What both kinds of client can be told. */
export interface RegistryClientOptions {
  /** 18811 by default. */
  readonly port?: number | undefined;
  /** Seconds to wait for an answer; 2 by default. */
  readonly timeout?: number | undefined;
  readonly logger?: Logger | undefined;
  /** How text is written; `text` by default, which registries of either Python understand. */
  readonly stringKind?: StringKind | undefined;
}

/** What a client by UDP can be told. */
export interface UDPRegistryClientOptions extends RegistryClientOptions {
  /** Address or name of the registry's host; by default the broadcast address of this network, 255.255.255.255. */
  readonly ip?: string | undefined;
  /** Whether `ip` is a broadcast address; by default, if one of its numbers is 255. */
  readonly bcast?: boolean | undefined;
  /** Uses IPv6, which has no broadcast. By default, if `ip` is an IPv6 address. */
  readonly ipv6?: boolean | undefined;
}

/** What a client by TCP can be told. */
export interface TCPRegistryClientOptions extends RegistryClientOptions {
  /** Address or name of the registry's host. */
  readonly ip: string;
  /** Uses IPv6 only; otherwise whichever address of the host answers. */
  readonly ipv6?: boolean | undefined;
}

/** What may be said about a single question. */
export interface RegistryRequestOptions {
  readonly signal?: AbortSignal | undefined;
}

interface ListAnswer {
  readonly names: readonly string[] | null;
  readonly form: ListForm;
}

/** What both kinds of client do (upstream `RegistryClient`). */
export abstract class RegistryClient {
  /** Seconds after which a server should register again (upstream `REREGISTER_INTERVAL`). */
  readonly reregisterInterval: number = REREGISTER_INTERVAL_SECONDS;
  /** The registry's port. */
  readonly port: number;
  /** Seconds. */
  readonly timeout: number;
  protected readonly logger: Logger;
  protected readonly stringKind: StringKind;

  constructor(
    /** Address or name of the registry's host, or a broadcast address. */
    readonly ip: string,
    options: RegistryClientOptions,
  ) {
    const { port = DEFAULT_REGISTRY_PORT, timeout = DEFAULT_REGISTRY_TIMEOUT_SECONDS } = options;
    checkPort(port);
    this.port = port;
    this.timeout = timeout;
    this.logger = options.logger ?? silentLogger;
    this.stringKind = options.stringKind ?? 'text';
  }

  /**
   * The servers that registered under a name or an alias, the one that registered longest ago first. Empty where there
   * are none and where no registry answers in time.
   *
   * @throws ConnectError where the registry cannot be reached: `ERR_REFUSED` (TCP), `ERR_DNS`, `ERR_UNREACHABLE`,
   *   `ERR_TIMEOUT` (connecting by TCP); `ERR_ABORTED`
   */
  async discover(name: string, options: RegistryRequestOptions = {}): Promise<readonly ServerAddress[]> {
    return (await this.tryDiscover(name, options)) ?? [];
  }

  /**
   * As `discover`, but undefined where no registry answers in time.
   *
   * @throws as `discover`
   */
  async tryDiscover(
    name: string,
    options: RegistryRequestOptions = {},
  ): Promise<readonly ServerAddress[] | undefined> {
    const servers = await this.ask({ command: 'QUERY', name }, decodeServers, options);
    if (servers === undefined) this.logger.warn(`No registry answered at ${this.place}`);
    return servers;
  }

  /**
   * The names of all services, or of those with a server on `filterHost`. Null where the registry forbids listing,
   * which is its default; empty where no registry answers in time. Both forms of the command are tried, the newer one
   * first.
   *
   * @throws as `discover`
   */
  async list(
    filterHost?: string | null,
    options: RegistryRequestOptions = {},
  ): Promise<readonly string[] | null> {
    const names = await this.tryList(filterHost, options);
    return names === undefined ? [] : names;
  }

  /**
   * As `list`, but undefined where no registry answers in time.
   *
   * @throws as `discover`
   */
  async tryList(
    filterHost?: string | null,
    options: RegistryRequestOptions = {},
  ): Promise<readonly string[] | null | undefined> {
    const answer = await this.askForNames(filterHost ?? null, options);
    if (answer === undefined) this.logger.warn(`No registry answered at ${this.place}`);
    const isFiltered = answer?.form === 'filtered' || filterHost === undefined || filterHost === null;
    if (isFiltered || !answer?.names) return answer?.names;
    return await this.namesOn(filterHost, answer.names, options);
  }

  /**
   * Registers this host's server on `port` under its service's names. Servers do that by themselves.
   *
   * @param iface address of ours to ask from, which is the one that becomes known; any by default
   * @returns whether a registry acknowledged it in time
   * @throws RangeError for names that take more than the 1500 bytes that a registry reads; as `discover`, but a
   *   registry that cannot be reached by TCP is told by the result
   */
  async register(
    aliases: readonly string[],
    port: number,
    iface = '',
    options: RegistryRequestOptions = {},
  ): Promise<boolean> {
    this.logger.info(`Registering on ${this.place}`);
    const acknowledged = await this.acknowledged({ command: 'REGISTER', aliases, port }, iface, options);
    if (acknowledged) this.logger.info(`Registry ${this.place} acknowledged`);
    else this.logger.warn('No registry acknowledged');
    return acknowledged;
  }

  /**
   * Takes back the registration of this host's server on `port`. As upstream nothing tells whether there was one.
   *
   * @throws as `register`
   */
  async unregister(port: number, iface = '', options: RegistryRequestOptions = {}): Promise<void> {
    this.logger.info(`Unregistering from ${this.place}`);
    await this.tell({ command: 'UNREGISTER', port }, iface, options);
  }

  protected get place(): string {
    return describeEndpoint(this.ip, this.port);
  }

  protected encode(command: RegistryCommand): Uint8Array {
    const bytes = encodeCommand(command, this.stringKind);
    if (bytes.length > MAX_DATAGRAM_BYTES) {
      throw new RangeError(`A registry reads ${MAX_DATAGRAM_BYTES} bytes, the message has ${bytes.length}`);
    }
    return bytes;
  }

  /** The two forms of LIST, the second of which is sent in half of the time. */
  protected listRequests(filterHost: string | null): readonly (readonly [ListForm, Uint8Array])[] {
    const forms: readonly ListForm[] = ['filtered', 'plain'];
    return forms.map((form) => [form, this.encode({ command: 'LIST', filterHost, form })]);
  }

  protected abstract ask<T>(
    command: RegistryCommand,
    read: (bytes: Uint8Array) => T | undefined,
    options: RegistryRequestOptions,
  ): Promise<T | undefined>;

  protected abstract askForNames(
    filterHost: string | null,
    options: RegistryRequestOptions,
  ): Promise<ListAnswer | undefined>;

  protected abstract acknowledged(
    command: RegistryCommand,
    iface: string,
    options: RegistryRequestOptions,
  ): Promise<boolean>;

  protected abstract tell(
    command: RegistryCommand,
    iface: string,
    options: RegistryRequestOptions,
  ): Promise<void>;

  /** What a registry of 5.1.0, which has no filter, would answer if it had one; undefined where it does not in time. */
  private async namesOn(
    host: string,
    names: readonly string[],
    { signal }: RegistryRequestOptions,
  ): Promise<readonly string[] | undefined> {
    const found = new Set<string>();
    const left = names.values();
    const end = new AbortController();
    const abort = onAbort(signal, (reason) => end.abort(reason));
    const timer = after(this.timeout, () => end.abort());
    const ask = async (): Promise<void> => {
      for (const name of left) {
        const servers = await this.discover(name, { signal: end.signal });
        if (servers.some(([address]) => address === host)) found.add(name);
      }
    };
    try {
      await Promise.all(Array.from({ length: MOST_QUESTIONS }, ask));
      return names.filter((name) => found.has(name));
    } catch (error) {
      if (!end.signal.aborted || signal?.aborted === true) throw error;
      this.logger.warn(`Registry ${this.place} did not say in time where its services are`);
      return undefined;
    } finally {
      timer.dispose();
      abort.dispose();
      end.abort();
    }
  }
}

/** How many questions wait for their answers at once. */
const MOST_QUESTIONS = 8;

/**
 * Asks registries by UDP (upstream `UDPRegistryClient`): by default whoever hears a broadcast. Of several registries
 * the first answer counts; `discoverEverywhere` shows all.
 */
export class UDPRegistryClient extends RegistryClient {
  private readonly ipv6: boolean;
  private readonly bcast: boolean;

  constructor(options: UDPRegistryClientOptions = {}) {
    const { ip = '255.255.255.255' } = options;
    super(ip, options);
    this.ipv6 = options.ipv6 ?? isIPv6(ip);
    this.bcast = !this.ipv6 && (options.bcast ?? ip.split('.').includes('255'));
  }

  protected override async ask<T>(
    command: RegistryCommand,
    read: (bytes: Uint8Array) => T | undefined,
    { signal }: RegistryRequestOptions,
  ): Promise<T | undefined> {
    const { timeout } = this;
    const request = { bytes: this.encode(command), afterSeconds: 0 };
    return await askByDatagrams(this.target(), [request], read, { timeout, signal });
  }

  protected override async askForNames(
    filterHost: string | null,
    { signal }: RegistryRequestOptions,
  ): Promise<ListAnswer | undefined> {
    const { timeout } = this;
    const requests = this.listRequests(filterHost).map(([, bytes], index) => ({
      bytes,
      afterSeconds: (index * timeout) / 2,
    }));
    // The second form is not sent before; a late answer to the first one is filtered once more, to no harm.
    const begun = performance.now();
    const read = (bytes: Uint8Array): ListAnswer | undefined => {
      const names = decodeNames(bytes);
      const form = (performance.now() - begun) / 1000 < timeout / 2 ? 'filtered' : 'plain';
      return names === undefined ? undefined : { names, form };
    };
    return await askByDatagrams(this.target(), requests, read, { timeout, signal });
  }

  protected override async acknowledged(
    command: RegistryCommand,
    iface: string,
    { signal }: RegistryRequestOptions,
  ): Promise<boolean> {
    const { timeout } = this;
    const request = { bytes: this.encode(command), afterSeconds: 0 };
    const read = (bytes: Uint8Array): true | undefined => (isAcknowledgement(bytes) ? true : undefined);
    return (await askByDatagrams(this.target(iface), [request], read, { timeout, signal })) ?? false;
  }

  protected override async tell(
    command: RegistryCommand,
    iface: string,
    { signal }: RegistryRequestOptions,
  ): Promise<void> {
    await sendDatagram(this.target(iface), this.encode(command), { timeout: this.timeout, signal });
  }

  private target(iface = ''): DatagramTarget {
    return {
      address: this.ip,
      port: this.port,
      ipv6: this.ipv6,
      broadcast: this.bcast,
      localAddress: ownAddress(iface),
    };
  }
}

/** Asks one registry by TCP (upstream `TCPRegistryClient`), a connection for each command. */
export class TCPRegistryClient extends RegistryClient {
  private readonly ipv6: boolean | undefined;

  constructor(options: TCPRegistryClientOptions) {
    super(options.ip, options);
    this.ipv6 = options.ipv6;
  }

  protected override async ask<T>(
    command: RegistryCommand,
    read: (bytes: Uint8Array) => T | undefined,
    { signal }: RegistryRequestOptions,
  ): Promise<T | undefined> {
    return await askByTcp(this.target(), this.encode(command), read, { timeout: this.timeout, signal });
  }

  protected override async askForNames(
    filterHost: string | null,
    options: RegistryRequestOptions,
  ): Promise<ListAnswer | undefined> {
    const half = { timeout: this.timeout / 2, signal: options.signal };
    for (const [form, bytes] of this.listRequests(filterHost)) {
      const names = await askByTcp(this.target(), bytes, decodeNames, half);
      if (names !== undefined) return { names, form };
    }
    return undefined;
  }

  protected override async acknowledged(
    command: RegistryCommand,
    iface: string,
    { signal }: RegistryRequestOptions,
  ): Promise<boolean> {
    const bytes = this.encode(command);
    const read = (answer: Uint8Array): true | undefined => (isAcknowledgement(answer) ? true : undefined);
    try {
      return (await askByTcp(this.target(iface), bytes, read, { timeout: this.timeout, signal })) ?? false;
    } catch (error) {
      if (signal?.aborted === true) throw error;
      this.logger.warn(`Registry ${this.place} cannot be reached: ${errorText(error)}`);
      return false;
    }
  }

  /** Unlike upstream this waits for the answer, so that the command has arrived when the caller goes on. */
  protected override async tell(
    command: RegistryCommand,
    iface: string,
    options: RegistryRequestOptions,
  ): Promise<void> {
    await this.acknowledged(command, iface, options);
  }

  private target(iface = ''): Parameters<typeof askByTcp>[0] {
    return { host: this.ip, port: this.port, ipv6: this.ipv6, localAddress: ownAddress(iface) };
  }
}

/** A server that listens on every address gives the one that stands for all: whichever fits is taken then. */
function ownAddress(iface: string): string | undefined {
  return isIP(iface) === 0 || iface === '0.0.0.0' || iface === '::' ? undefined : iface;
}

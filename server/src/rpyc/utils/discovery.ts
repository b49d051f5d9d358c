/*
 * Finding services by their names, after the functions of rpyc/utils/factory.py that ask a registry. Differs on
 * purpose: a server that answers but is no RPyC server is passed over like one that is down. What a registry answers is
 * a hint by strangers; only `connectByService` connects to any of it.
 */

import { lookup } from 'node:dns/promises';

import { DiscoveryError, ErrorCode, ForbiddenError, RpycError } from '../core/errors';
import type { Connection } from '../core/protocol';
import { describeEndpoint } from '../core/stream';
import type { ConnectOptions } from './connectOptions';
import { connect } from './factory';
import { type RegistryClient, UDPRegistryClient } from './registryClient';
import type { ServerAddress } from './registryMessages';

export interface RegistrarOptions {
  /** Whom to ask; by default, whichever registry hears a UDP broadcast. */
  readonly registrar?: RegistryClient | undefined;
  /** Seconds to wait for an answer where no `registrar` is given; 2 by default. */
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Whom `discover` asks, and what it leaves out. */
export interface DiscoverOptions extends RegistrarOptions {
  /** Leaves out the servers on other hosts. */
  readonly host?: string | undefined;
}

/** Whom `listServices` asks, and what it leaves out. */
export interface ListServicesOptions extends RegistrarOptions {
  /** Leaves out the services without a server on this host, an address as the registry knows it. */
  readonly filterHost?: string | undefined;
}

/** `timeout` is that of each stage: 2 seconds for asking the registry, and 10 for each connection, by default. */
export type ConnectByServiceOptions = ConnectOptions & Pick<DiscoverOptions, 'host' | 'registrar'>;

/**
 * The servers of a service, as a registry knows them. Upstream: `rpyc.discover`.
 *
 * @throws DiscoveryError where there is none, no registry answers or `host` is not known; ConnectError where the
 *   registry cannot be reached
 */
export async function discover(
  serviceName: string,
  options: DiscoverOptions = {},
): Promise<readonly ServerAddress[]> {
  const { host, signal } = options;
  const servers = await registrarOf(options).discover(serviceName, { signal });
  const name = JSON.stringify(serviceName);
  if (servers.length === 0) throw new DiscoveryError(`No servers exposing ${name} were found`);
  if (host === undefined || host === '') return servers;
  const addresses = await addressesOf(host);
  const there = servers.filter(([address]) => addresses.has(address));
  if (there.length === 0) throw new DiscoveryError(`No servers exposing ${name} were found on ${host}`);
  return there;
}

/**
 * The names of all services that a registry knows; empty where no registry answers. Upstream: `rpyc.list_services`.
 *
 * @throws ForbiddenError where the registry does not allow listing; ConnectError where it cannot be reached
 */
export async function listServices(
  registrar?: RegistryClient,
  options: Omit<ListServicesOptions, 'registrar'> = {},
): Promise<readonly string[]> {
  const { filterHost, signal } = options;
  const client = registrarOf({ ...options, ...(registrar !== undefined && { registrar }) });
  const names = await client.list(filterHost, { signal });
  if (names === null) throw new ForbiddenError();
  return names;
}

/**
 * Connects to the first server of a service that can be reached, in the order of the registry.
 * Upstream: `rpyc.connect_by_service`.
 *
 * @throws DiscoveryError where there is none that can be reached, with each one's error in its cause; ConnectError with
 *   `ERR_ABORTED`, or where the registry cannot be reached
 */
export async function connectByService(
  serviceName: string,
  options: ConnectByServiceOptions = {},
): Promise<Connection> {
  const servers = await discover(serviceName, options);
  const errors: RpycError[] = [];
  for (const [host, port] of servers) {
    try {
      return await connect(host, port, options);
    } catch (error) {
      if (!(error instanceof RpycError) || error.code === ErrorCode.aborted) throw error;
      errors.push(error);
    }
  }
  const places = servers.map(([host, port]) => describeEndpoint(host, port)).join(', ');
  throw new DiscoveryError(`All servers of ${JSON.stringify(serviceName)} are down: ${places}`, {
    cause: new AggregateError(errors, errors.map(({ message }) => message).join('; ')),
  });
}

function registrarOf({ registrar, timeout }: RegistrarOptions): RegistryClient {
  return registrar ?? new UDPRegistryClient(timeout === undefined ? {} : { timeout });
}

async function addressesOf(host: string): Promise<ReadonlySet<string>> {
  try {
    const found = await lookup(host, { all: true });
    return new Set(found.map(({ address }) => address));
  } catch (error) {
    throw new DiscoveryError(`Host name is not known: ${host}`, { cause: error });
  }
}

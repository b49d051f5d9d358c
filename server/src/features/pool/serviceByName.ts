/** Connecting to a service by its name: which registry tells where it is, and whether the user agreed to that place. */
import type { FoundServer } from '../../api/discovery';
import type { Problem, RegistryTransport } from '../../api/model';
import { endpointOf, hostAndPort } from '../../api/transport';
import {
  type ConnectOptions,
  type Connection,
  ConnectError,
  ErrorCode,
  connect,
  discoverEverywhere,
} from '../../rpyc/index';
import { FoundServers } from '../discovery/foundServers';
import { ProblemCode, ProblemError } from '../problem';

/** Broadcasts take all of it, since nothing tells that everyone has answered. */
const BROADCAST_SECONDS = 1.2;

/** Names of registries that a sentence may hold. */
const MOST_REGISTRIES = 3;

/** Failures after which another server of the same name may do. */
const NOT_THERE: ReadonlySet<string> = new Set([ErrorCode.refused, ErrorCode.unreachable, ErrorCode.timeout]);

export interface ByNameOptions {
  /** `host:port` that the user has agreed to, if any. */
  readonly agreed: string | undefined;
  /** Seconds that a registry which the profile names may take. */
  readonly registrySeconds: number;
  readonly connectOptions: ConnectOptions;
}

/** A connection, and where the registry sent us. */
export interface ConnectedByName {
  readonly connection: Connection;
  /** `host:port` */
  readonly address: string;
}

/**
 * Asks the registry, and connects where it says that the service is. Nothing is sent to an address that the user has
 * not agreed to: anyone may register anything.
 *
 * @throws ProblemError with `found` where the user has to agree first, or where nobody knows the name; an error of the
 *   library where the address cannot be connected to
 */
export async function connectByName(
  transport: RegistryTransport,
  options: ByNameOptions,
): Promise<ConnectedByName> {
  const { agreed, connectOptions } = options;
  connectOptions.onStage?.('resolve');
  const servers = await lookUp(transport, options);
  const known = servers.find((server) => addressOf(server) === agreed);
  if (known === undefined) {
    throw new ProblemError(newAddress(transport, servers[0], agreed));
  }
  const address = addressOf(known);
  try {
    return {
      connection: await connect(known.host, known.port, { ...connectOptions, keepalive: true }),
      address,
    };
  } catch (error) {
    const other = servers.find((server) => server !== known);
    if (other !== undefined && error instanceof ConnectError && NOT_THERE.has(error.code)) {
      throw new ProblemError(newAddress(transport, other, agreed), { cause: error });
    }
    throw error;
  }
}

/** The servers of the name, at least one, in the order of the registries. */
async function lookUp(
  { service, registry }: RegistryTransport,
  { registrySeconds, connectOptions: { signal, logger } }: ByNameOptions,
): Promise<readonly [FoundServer, ...FoundServer[]]> {
  const asked =
    registry === undefined
      ? { timeout: BROADCAST_SECONDS }
      : {
          targets: [{ address: registry.host, port: registry.port, transport: registry.transport }],
          timeout: registrySeconds,
        };
  const { services, registries } = await discoverEverywhere(service, { ...asked, signal, logger });
  signal?.throwIfAborted();
  const found = new FoundServers();
  found.add(services);
  const [first, ...others] = found.result.servers;
  if (first !== undefined) {
    return [first, ...others];
  }
  throw new ProblemError(
    registries.some(({ answered }) => answered)
      ? notRegistered(service)
      : noRegistry(registry === undefined ? undefined : hostAndPort(registry.host, registry.port)),
  );
}

function addressOf({ host, port }: FoundServer): string {
  return hostAndPort(host, port);
}

function newAddress(
  transport: RegistryTransport,
  server: FoundServer | undefined,
  before: string | undefined,
): Problem {
  if (server === undefined) {
    return notRegistered(transport.service);
  }
  const address = addressOf(server);
  const was = before === undefined ? '' : `, and not at ${before} as before`;
  return {
    code: ProblemCode.newAddress,
    message: `The registry says that “${endpointOf(transport)}” is at ${address}${was}: press Connect, look at the address, and agree if it is right.`,
    found: {
      address,
      // `udp 10.0.0.1 18811`
      registries: server.registries.slice(0, MOST_REGISTRIES),
      flags: server.flags,
      ...(before === undefined ? {} : { before }),
    },
  };
}

function notRegistered(service: string): Problem {
  return {
    code: ProblemCode.notRegistered,
    message: `The registry knows no server of “${service}”: start the server with registration, wait until it has registered, or correct the name.`,
  };
}

function noRegistry(where: string | undefined): Problem {
  return {
    code: ProblemCode.noRegistry,
    message:
      where === undefined
        ? 'No registry answers on the networks of this machine: start one with rpyc_registry, or give the address of one in the connection.'
        : `No registry answers at ${where}: start it with rpyc_registry, or correct its address, and whether it is asked by UDP or TCP.`,
  };
}

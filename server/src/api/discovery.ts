/** The plain shapes of the search for services, and the one check of what a user writes about registries. */
import { DEFAULT_REGISTRY_PORT, REGISTRY_MODES, isHost, isPort } from './transport';

export type RegistryMode = (typeof REGISTRY_MODES)[number];

/** Registries, and names, that are asked at a time. */
export const MAX_REGISTRIES = 50;
export const MAX_NAMES = 20;

/** Addresses that are tried in answer to one request. */
export const MAX_CHECKS = 128;

/** Servers that are told, all registries together. */
export const MAX_SERVERS = 10_000;

/** A registry that the user has named. */
export interface RegistryAddress {
  readonly mode: RegistryMode;
  readonly host: string;
  readonly port: number;
}

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

export interface ServiceSearchParams {
  readonly registries: readonly RegistryAddress[];
  /** Whether to ask by UDP on every interface of this machine as well. */
  readonly broadcast: boolean;
  /** Services to ask for by name where a registry does not tell what it has. */
  readonly names: readonly string[];
}

/**
 * How a registry, or whoever should be one, took the question.
 * `byName` answered a question for a name and none for all names, as registries before 5.1 do.
 */
export type RegistryStatus = 'listed' | 'forbidden' | 'byName' | 'silent' | 'failed';

export interface RegistryAnswer {
  /** The same for the same registry in every search. */
  readonly id: string;
  readonly mode: RegistryMode;
  /** Where the answer came from; of a target that did not answer, its own address. */
  readonly host: string;
  readonly port: number;
  /** Names of the interfaces by which it was reached; empty for one that the user has named. */
  readonly interfaces: readonly string[];
  readonly status: RegistryStatus;
  /** It knows more than it was asked for, or than is shown. */
  readonly truncated: boolean;
  /** Why it could not be asked, where the status is `failed`. */
  readonly problem?: string;
}

/** What is odd about an address that a registry told, which may be anybody's word. */
export type AddressFlag =
  /** Stands for no one machine. */
  | 'notAHost'
  /** This very machine, told by a registry that runs on another. */
  | 'loopback'
  /** A name: looking it up would tell others that somebody looks. */
  | 'hostName'
  /** An address of the internet. */
  | 'public'
  /** Neither the registry's own address nor one of the network that it was reached by. */
  | 'elsewhere'
  /** A port where other protocols are at home. */
  | 'otherProtocol';

export interface FoundServer {
  /** In capitals, as registries keep it. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly flags: readonly AddressFlag[];
  /** Whether the address is ordinary enough to be tried without the user's saying so. */
  readonly checkable: boolean;
  /** Ids of the registries that told it. */
  readonly registries: readonly string[];
}

export interface ServiceSearchResult {
  readonly servers: readonly FoundServer[];
  readonly registries: readonly RegistryAnswer[];
  /** Entries with a name or an address that makes no sense: they are not told. */
  readonly leftOut: number;
  /** There are more servers than are told. */
  readonly truncated: boolean;
}

/** What became of an attempt to connect, by which nothing is sent. */
export type ServerReach = 'reachable' | 'refused' | 'silent' | 'unreachable';

/** What runs in the background process for the length of its life. */
export interface LocalServers {
  readonly registry?: RegistryAddress;
  readonly demo?: ServerAddress;
}

/**
 * A registry as a setting holds it: `{ mode, host, port }`, the port 18811 where it is left out.
 * @returns undefined for anything else
 */
export function checkRegistry(value: unknown): RegistryAddress | undefined {
  if (typeof value !== 'object' || value === null) {
    return undefined;
  }
  const { mode, host, port = DEFAULT_REGISTRY_PORT } = value as Readonly<Record<string, unknown>>;
  const known = REGISTRY_MODES.find((each) => each === mode);
  if (known === undefined || typeof host !== 'string' || !isHost(host)) {
    return undefined;
  }
  return typeof port === 'number' && isPort(port) ? { mode: known, host, port } : undefined;
}

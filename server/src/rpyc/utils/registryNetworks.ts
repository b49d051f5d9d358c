/*
 * The networks that this machine is on, for asking every registry on them and for judging what they answer.
 */

import { BlockList, isIP, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';

/** Whom to ask for services. */
export interface RegistryTarget {
  /** Address or name of a host, or a broadcast address. */
  readonly address: string;
  /** 18811 by default. */
  readonly port?: number;
  /** `udp` by default. */
  readonly transport?: 'udp' | 'tcp';
  /** Whether many may answer, by UDP: then answers are collected until the time is over. */
  readonly broadcast?: boolean;
  /** Name of the network interface that the question leaves by, for people. */
  readonly interface?: string;
  /** Our own address on it. */
  readonly localAddress?: string;
  /** The interface's network, as in `192.168.1.7/24`. */
  readonly network?: string;
}

/** The broadcast address of every IPv4 interface, and this machine itself. */
export function broadcastTargets(): readonly RegistryTarget[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses.flatMap(({ family, internal, address, netmask, cidr }): RegistryTarget[] => {
      if (family !== 'IPv4') return [];
      const own = { interface: name, localAddress: address, ...(cidr !== null && { network: cidr }) };
      if (internal) return [{ ...own, address }];
      const broadcast = broadcastAddress(address, netmask);
      return broadcast === undefined ? [] : [{ ...own, address: broadcast, broadcast: true }];
    }),
  );
}

/** Undefined for a network of one or two addresses, which has none. */
function broadcastAddress(address: string, netmask: string): string | undefined {
  const mask = netmask.split('.').map(Number);
  if ((mask[3] ?? 255) >= 254) return undefined;
  return address
    .split('.')
    .map((part, index) => (Number(part) & (mask[index] ?? 0)) | (~(mask[index] ?? 0) & 255))
    .join('.');
}

/**
 * Tells whether a host that a registry told about is the registry's own, or on the network that the question went to:
 * any of this machine's where that is not known. Loopback is, if the registry runs on this machine.
 */
export function nearbyTest(registry: string, network: string | undefined): (host: string) => boolean {
  const own = Object.values(networkInterfaces()).flatMap((addresses = []) => addresses);
  const isOurs = own.some(({ address }) => address === registry);
  const reached = own.filter(({ internal }) => isOurs || !internal).map(({ cidr }) => cidr);
  const list = networkList(isOurs || network === undefined ? reached : [network]);
  return (host) => host === registry || (isIP(host) !== 0 && list.check(host, familyOf(host)));
}

function networkList(networks: readonly (string | null)[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix = ''] = network?.split('/') ?? [];
    if (isIP(address) !== 0) list.addSubnet(address, Number(prefix), familyOf(address));
  }
  return list;
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}

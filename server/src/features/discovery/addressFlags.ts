/** What is odd about an address that a registry told. Anyone may register anything with a registry. */
import { BlockList, isIP, isIPv6 } from 'node:net';

import type { AddressFlag } from '../../api/discovery';

type Family = 'ipv4' | 'ipv6';
type Network = readonly [address: string, prefix: number, family: Family];

/** Stand for any, all or several machines. */
const NO_HOST = networks(
  ['0.0.0.0', 8, 'ipv4'],
  ['224.0.0.0', 3, 'ipv4'],
  ['::', 128, 'ipv6'],
  ['ff00::', 8, 'ipv6'],
);

const LOOPBACK = networks(['127.0.0.0', 8, 'ipv4'], ['::1', 128, 'ipv6']);

/** Networks of one's own: private ones, those of a link, and that which carriers use inside. */
const PRIVATE = networks(
  ['10.0.0.0', 8, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['fc00::', 7, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
);

/** Above the ports of the system: databases, desktops, web servers, brokers, and the registry itself. */
const PORTS_OF_OTHERS: ReadonlySet<number> = new Set([
  1433, 1521, 1883, 2049, 2375, 2376, 3306, 3389, 5432, 5672, 5900, 5984, 6379, 6443, 8080, 8443, 9092, 9200,
  11211, 18811, 27017,
]);
const FIRST_FREE_PORT = 1024;

/** @param nearby whether the host is the registry's own, or on the network by which the registry was reached */
export function addressFlags(host: string, port: number, nearby: boolean): readonly AddressFlag[] {
  const flags: AddressFlag[] = [];
  const kind = kindOf(host);
  if (kind === 'notAHost' || kind === 'hostName') {
    flags.push(kind);
  } else if (kind === 'loopback') {
    flags.push(...(nearby ? [] : [kind]));
  } else {
    flags.push(...(kind === 'public' ? [kind] : []), ...(nearby ? [] : (['elsewhere'] as const)));
  }
  if (port < FIRST_FREE_PORT || PORTS_OF_OTHERS.has(port)) {
    flags.push('otherProtocol');
  }
  return flags;
}

/**
 * Whether an address may be tried without the user's saying so: a registry must not be able to send the editor to
 * the internet, to this machine, or to servers of other protocols.
 */
export function isCheckable(flags: readonly AddressFlag[]): boolean {
  const isFar = flags.includes('elsewhere');
  return flags.every((flag) => flag === 'elsewhere' || (flag === 'public' && !isFar));
}

function kindOf(host: string): 'notAHost' | 'loopback' | 'hostName' | 'public' | 'private' {
  const address = host.split('%')[0] ?? '';
  if (isIP(address) === 0) {
    return 'hostName';
  }
  const family: Family = isIPv6(address) ? 'ipv6' : 'ipv4';
  if (NO_HOST.check(address, family)) {
    return 'notAHost';
  }
  if (LOOPBACK.check(address, family)) {
    return 'loopback';
  }
  return PRIVATE.check(address, family) ? 'private' : 'public';
}

function networks(...all: readonly Network[]): BlockList {
  const list = new BlockList();
  for (const [address, prefix, family] of all) {
    list.addSubnet(address, prefix, family);
  }
  return list;
}

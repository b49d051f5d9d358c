import { isIPv4, isIPv6 } from 'node:net';
import os from 'node:os';

import type { Profile, Transport } from '../api/model';
import { endpointOf } from '../api/transport';
import { withoutSecrets } from './problemText';

/** Says nothing about anybody, and much about what is wrong. */
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/i;

/** Four numbers; longer rows of numbers are none. */
const IPV4 = /(?<![\p{L}\p{N}.])\d{1,3}(?:\.\d{1,3}){3}(?![\p{L}\p{N}]|\.\d)/gu;

/** What has two colons and otherwise hexadecimal digits; whether it is an address is looked at then. */
const MAYBE_IPV6 = /(?<![\p{L}\p{N}:.])[\da-f]*:[\da-f]*:[\da-f:.]*(%[\w.-]*\w)?/giu;

const HOME = /(\/(?:home|Users)\/)[^/\s]+/g;

type NameKind = 'host' | 'user' | 'path' | 'command' | 'service';

/** What a profile names, the place that it leads to first. */
function namesIn(transport: Transport): readonly (readonly [NameKind, string])[] {
  switch (transport.kind) {
    case 'tcp':
      return [['host', transport.host]];
    case 'tls':
      return [['host', transport.host], ...maybe('host', transport.servername)];
    case 'unix':
      return [['path', transport.path]];
    case 'pipe':
      return [['path', transport.name]];
    case 'ssh':
      return [
        ['host', transport.host],
        ...maybe('user', transport.user),
        ...maybe('host', transport.remoteHost),
        ...maybe('path', transport.remoteSocket),
      ];
    case 'subprocess':
      return [
        ['command', endpointOf(transport)],
        // A message may quote a part of it.
        ...transport.command.slice(1).flatMap((word) => (word.length >= 8 ? maybe('command', word) : [])),
      ];
    case 'deploy':
      return [['host', transport.host], ...maybe('user', transport.user)];
    case 'registry':
      return [['service', transport.service], ...maybe('host', transport.registry?.host)];
  }
}

function maybe(kind: NameKind, name: string | undefined): readonly (readonly [NameKind, string])[] {
  return name === undefined ? [] : [[kind, name]];
}

/**
 * Takes out of a text the names that were ever met, every address, and whatever looks like a secret. One name has
 * the same stand-in each time.
 */
export class Redactor {
  /** Stand-in by name, in lower case. */
  private readonly names = new Map<string, string>();
  private readonly addresses = new Map<string, string>();
  private readonly counts = new Map<NameKind, number>();

  constructor() {
    this.add(os.homedir(), '<home>');
    this.add(os.hostname(), '<this host>');
  }

  learn(profiles: readonly Profile[]): void {
    for (const { transport, label } of profiles) {
      const [place = ''] = namesIn(transport).map(([kind, name]) => this.standInForName(kind, name));
      // A label that is the address tells no more than the address does, and would take its place everywhere.
      if (label.toLowerCase() !== endpointOf(transport).toLowerCase()) {
        this.add(label, `<connection to ${place}>`);
      }
    }
  }

  redact(text: string): string {
    // Longer names first, so that no part of one is replaced before the whole.
    const named = [...this.names]
      .sort(([a], [b]) => b.length - a.length)
      .reduce((line, [name, stand]) => line.replace(wholeName(name), stand), text);
    return withoutSecrets(named)
      .replace(HOME, '$1<user>')
      .replace(MAYBE_IPV6, (found) => this.withoutIpv6(found))
      .replace(IPV4, (found) => (isIPv4(found) ? this.standInFor(found) : found));
  }

  /** The same stand-in for the same name, each kind counted by itself. */
  private standInForName(kind: NameKind, name: string): string {
    const known = name.toLowerCase();
    if (LOOPBACK.test(known)) {
      return name;
    }
    if (!this.names.has(known)) {
      const number = (this.counts.get(kind) ?? 0) + 1;
      this.counts.set(kind, number);
      this.add(name, `<${kind}-${number}>`);
    }
    return this.names.get(known) ?? name;
  }

  private add(name: string, standIn: string): void {
    const known = name.toLowerCase();
    if (known.length > 1 && !LOOPBACK.test(known) && !this.names.has(known)) {
      this.names.set(known, standIn);
    }
  }

  /** Behind an address there may be the end of a sentence, or a port without brackets, as Node writes it. */
  private withoutIpv6(found: string): string {
    const trimmed = found.replace(/[.:]+$/, '');
    for (const address of [found, trimmed, trimmed.replace(/:\d{1,5}$/, '')]) {
      if (isIPv6(address) && /[\da-f]/i.test(address)) {
        return this.standInFor(address) + found.slice(address.length);
      }
    }
    return found;
  }

  private standInFor(address: string): string {
    if (LOOPBACK.test(address)) {
      return address;
    }
    const known = address.toLowerCase();
    const standIn = this.addresses.get(known) ?? `<address-${this.addresses.size + 1}>`;
    this.addresses.set(known, standIn);
    return standIn;
  }
}

function wholeName(name: string): RegExp {
  const literal = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}])`, 'giu');
}

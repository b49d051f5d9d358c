import { isIPv4, isIPv6 } from 'node:net';
import os from 'node:os';

import type { Profile } from '../api/model';
import { endpointOf } from '../api/profile';

/** Says nothing about anybody, and much about what is wrong. */
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/i;

/** Four numbers; longer rows of numbers are none. */
const IPV4 = /(?<![\p{L}\p{N}.])\d{1,3}(?:\.\d{1,3}){3}(?![\p{L}\p{N}]|\.\d)/gu;

/** What has two colons and otherwise hexadecimal digits; whether it is an address is looked at then. */
const MAYBE_IPV6 = /(?<![\p{L}\p{N}:.])[\da-f]*:[\da-f]*:[\da-f:.]*(%[\w.-]*\w)?/giu;

const SECRET = /\b(pass(?:word|wd|phrase)?|token|secret|key|authorization)(["']?\s*[=:]\s*)\S+/gi;

const HOME = /(\/(?:home|Users)\/)[^/\s]+/g;

/**
 * Takes out of a text the names that were ever met, every address, and whatever looks like a secret. One name has
 * the same stand-in each time.
 */
export class Redactor {
  /** Stand-in by name, in lower case. */
  private readonly names = new Map<string, string>();
  private readonly addresses = new Map<string, string>();
  private hosts = 0;

  constructor() {
    this.add(os.homedir(), '<home>');
    this.add(os.hostname(), '<this host>');
  }

  learn(profiles: readonly Profile[]): void {
    for (const { transport, label } of profiles) {
      const { host } = transport;
      if (!this.names.has(host.toLowerCase()) && !LOOPBACK.test(host)) {
        this.hosts += 1;
        this.add(host, `<host-${this.hosts}>`);
      }
      // A label that is the address tells no more than the address does, and would take its place everywhere.
      if (label.toLowerCase() !== endpointOf(transport).toLowerCase()) {
        this.add(label, `<connection to ${this.names.get(host.toLowerCase()) ?? host}>`);
      }
    }
  }

  redact(text: string): string {
    // Longer names first, so that no part of one is replaced before the whole.
    return [...this.names]
      .sort(([a], [b]) => b.length - a.length)
      .reduce((line, [name, stand]) => line.replace(wholeName(name), stand), text)
      .replace(SECRET, '$1$2<secret>')
      .replace(HOME, '$1<user>')
      .replace(MAYBE_IPV6, (found) => this.withoutIpv6(found))
      .replace(IPV4, (found) => (isIPv4(found) ? this.standInFor(found) : found));
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

/*
 * A connection as text, for logs and consoles. Upstream shows what any Python object shows.
 */

import { inspect } from 'node:util';

/** Shows itself in consoles as it does in texts. */
export abstract class ShownAsText {
  abstract toString(): string;

  /** What Node's consoles show. */
  [inspect.custom](): string {
    return this.toString();
  }
}

/** What is known of a connection without asking the peer. */
export interface KnownOfConnection {
  readonly constructor: { readonly name: string };
  readonly closed: boolean;
  readonly dialect: string | undefined;
  readonly remoteVersion: string | undefined;
}

/** @param where the other end, for people */
export function connectionText(connection: KnownOfConnection, where: string): string {
  const { closed, dialect, remoteVersion } = connection;
  const known = [dialect, remoteVersion, closed ? 'closed' : undefined].filter((part) => part !== undefined);
  const details = known.length === 0 ? '' : ` (${known.join(', ')})`;
  return `<${connection.constructor.name} ${where}${details}>`;
}

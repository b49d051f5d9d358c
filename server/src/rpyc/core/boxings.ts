/*
 * What boxing and unboxing need of a connection, made once and not for each message. Upstream has no such file: there
 * it is the connection itself.
 */

import type { BoxingHost, UnboxingHost } from './boxing';
import type { MessageCodec } from './codec';
import { ErrorCode, ProtocolError } from './errors';
import type { NetrefCache } from './netref';
import type { ReferenceForm, ReferenceHost } from './reference';
import type { LocalRefs } from './refs';

export interface BoxingsHost {
  readonly codec: MessageCodec;
  readonly refs: LocalRefs;
  readonly netrefs: NetrefCache;
  readonly referenceHost: ReferenceHost;
  /** The peer named a class, as bytes where it is a Python 2. */
  readonly sawNames: (areBytes: boolean) => void;
}

export class Boxings {
  private readonly known: Partial<Record<ReferenceForm, BoxingHost & UnboxingHost>> = {};

  constructor(private readonly host: BoxingsHost) {}

  /**
   * The one for references of this form, in the dialect that the peer is known to speak now.
   *
   * @throws ProtocolError `ERR_DIALECT` where it has not shown any
   */
  of(form: ReferenceForm): BoxingHost & UnboxingHost {
    const { codec, refs, netrefs, referenceHost, sawNames } = this.host;
    const { dialect } = codec;
    if (dialect === undefined) {
      throw new ProtocolError('The peer has not shown its dialect yet', ErrorCode.dialect);
    }
    const known = this.known[form];
    if (known?.dialect === dialect) return known;
    const made: BoxingHost & UnboxingHost = {
      dialect,
      refs,
      referenceHost,
      acquire(reference) {
        sawNames(reference.hasByteNames);
        if (dialect.isGuess) codec.sawReference(!Array.isArray(reference.echo));
        return form === 'netref' ? netrefs.acquire(reference) : netrefs.acquireBare(reference);
      },
    };
    this.known[form] = made;
    return made;
  }
}

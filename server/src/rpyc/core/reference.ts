/*
 * A counted reference to an object of the peer: the state behind a netref (the `____id_pack__`, `____conn__` and
 * `____refcount__` of rpyc/core/netref.py), kept apart from the proxy so that it can outlive it.
 */

import type { CallSite } from '../lib/callSite';
import type { Config } from './config';
import type { Dialect } from './dialect';
import { ErrorCode, EOFError, RpycError } from './errors';
import type { Reference } from './references';

/** What may be said about a single request. */
export interface RequestOptions {
  /** Seconds to wait for the reply; `null` waits for ever. By default the configuration says. */
  readonly timeoutSeconds?: number | null | undefined;
  /** Ends the wait. The call goes on at the peer, and references in its late reply are given back. */
  readonly signal?: AbortSignal | undefined;
}

/** What the library itself says about a request. */
export interface RequestDetails extends RequestOptions {
  /** Who asks, where that has to be taken down before the request is sent. */
  readonly site?: CallSite | undefined;
}

/** How references in a reply are given: as netrefs, or as bare references that the caller releases. */
export type ReferenceForm = 'netref' | 'bare';

/** What a reference asks of the connection that it came over. */
export interface ReferenceHost {
  readonly config: Config;
  /** Undefined until the peer has shown it. */
  readonly dialect: Dialect | undefined;
  /** The major version of the peer's Python, as far as it has shown. */
  readonly peerPython: 2 | 3 | undefined;
  request(
    handler: number,
    args: readonly unknown[],
    options?: RequestDetails,
    form?: ReferenceForm,
  ): Promise<unknown>;
  /** Gives back what `reference` has counted. Called once for each reference. */
  giveBack(reference: RemoteReference): void;
}

/** The remote object behind a netref was released, or never reached the caller. */
export class ReleasedError extends RpycError {
  constructor(typeText: string) {
    super(`The reference to this ${typeText} object was released`, ErrorCode.released);
  }
}

export class RemoteReference {
  /** REMOTE_REFs received for it. All are given back at once. */
  count = 1;
  private state: 'live' | 'released' | 'dead' = 'live';

  constructor(
    readonly host: ReferenceHost,
    readonly target: Reference,
    readonly form: ReferenceForm,
  ) {}

  /** `module.Class`, for people. */
  get typeText(): string {
    const { module, typeName } = this.target;
    return module === '' ? typeName : `${module}.${typeName}`;
  }

  get isLive(): boolean {
    return this.state === 'live';
  }

  /** Gives the reference back to the peer. Later calls do nothing. */
  release(): void {
    if (this.state !== 'live') return;
    this.state = 'released';
    this.host.giveBack(this);
  }

  /** The connection is gone, and with it the object. */
  die(): void {
    if (this.state === 'live') this.state = 'dead';
  }

  /** @throws ReleasedError or EOFError where the object can no longer be reached */
  assertLive(): void {
    if (this.state === 'released') throw new ReleasedError(this.typeText);
    if (this.state === 'dead') throw new EOFError(`The connection of this ${this.typeText} object is closed`);
  }
}

/** Reads the reference of a netref. A symbol, so that no name of the peer's can stand in its way. */
const referenceKey = Symbol('rpyc reference');

/** The property under which a netref's proxy answers with its reference. */
export const referenceSymbol: typeof referenceKey = referenceKey;

/** The reference behind a netref, or undefined for every other value. */
export function referenceOf(value: unknown): RemoteReference | undefined {
  if (value instanceof RemoteReference) return value;
  if (typeof value !== 'function') return undefined;
  const reference: unknown = Reflect.get(value, referenceKey);
  return reference instanceof RemoteReference ? reference : undefined;
}

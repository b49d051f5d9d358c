/*
 * The proxy for a remote object and the weak cache that keeps one proxy per object, after rpyc/core/netref.py and the
 * `_proxy_cache` of rpyc/core/protocol.py. Differs on purpose: no classes are made, so INSPECT is never asked, and an
 * attribute is a path until it is awaited.
 */

import { callerOf } from '../lib/callSite';
import { ErrorCode, ProtocolError } from './errors';
import { iterate } from './iteration';
import {
  createPath,
  invoke,
  localMember,
  type Path,
  type PathBase,
  type RemoteAttributes,
  type RemoteCallable,
  RemoteProxyHandler,
  shownAs,
} from './path';
import { referenceSymbol, RemoteReference, type ReferenceHost } from './reference';
import type { Reference } from './references';

/** An object of the peer. It is no promise; every string name but `then` is an attribute of the peer's. */
export type Netref = RemoteAttributes & RemoteCallable & NetrefMembers;

export interface NetrefMembers {
  /** Never there, so that a promise can be resolved with a netref. */
  readonly then?: undefined;
}

/** An object of the peer that a connection holds. */
export interface HeldObject {
  /** Names the object on its connection: class and instance as the peer numbers them, and the class's name. */
  readonly key: string;
  /** `module.Class` */
  readonly typeText: string;
  /** References that the peer has sent and not had back. */
  readonly count: number;
  /** Undefined for what is held for a moment, without a proxy. */
  readonly netref: Netref | undefined;
}

/** The proxies that live on one connection. */
export class NetrefCache {
  private readonly entries = new Map<string, CacheEntry>();
  private readonly finalizers = new FinalizationRegistry<RemoteReference>((reference) => reference.release());
  private readonly bare = new Set<RemoteReference>();

  constructor(
    private readonly host: ReferenceHost,
    private readonly limit: number,
  ) {}

  /** Objects of the peer that are held, by netrefs or for a moment. */
  get size(): number {
    return this.entries.size + this.bare.size;
  }

  /** The same, one by one. */
  get objects(): readonly HeldObject[] {
    const shown = ({ target, typeText, count }: RemoteReference, netref?: Netref): HeldObject => {
      return { key: target.key, typeText, count, netref };
    };
    return [
      ...[...this.entries.values()].map(({ reference, netref }) => shown(reference, netref.deref())),
      ...[...this.bare].map((reference) => shown(reference)),
    ];
  }

  /**
   * Takes a REMOTE_REF: the netref of the object, the same one as long as it lives.
   *
   * @throws ProtocolError `ERR_LIMIT` where the peer makes us hold too many objects
   */
  acquire(target: Reference): Netref {
    const entry = this.entries.get(target.key);
    const known = entry?.netref.deref();
    if (entry !== undefined && known !== undefined) {
      entry.reference.count++;
      return known;
    }
    this.checkLimit();
    // An entry whose proxy was collected is replaced: its finaliser gives back its own count only.
    const reference = new RemoteReference(this.host, target, 'netref');
    const netref = createNetref(reference);
    this.entries.set(target.key, { reference, netref: new WeakRef(netref) });
    this.finalizers.register(netref, reference, reference);
    return netref;
  }

  /** Takes a REMOTE_REF without a proxy; the caller releases it. */
  acquireBare(target: Reference): RemoteReference {
    this.checkLimit();
    const reference = new RemoteReference(this.host, target, 'bare');
    this.bare.add(reference);
    return reference;
  }

  /** `reference` is given back. */
  forget(reference: RemoteReference): void {
    if (this.bare.delete(reference)) return;
    this.finalizers.unregister(reference);
    const entry = this.entries.get(reference.target.key);
    if (entry?.reference === reference) this.entries.delete(reference.target.key);
  }

  /** The connection is gone. */
  clear(): void {
    for (const { reference } of this.entries.values()) {
      this.finalizers.unregister(reference);
      reference.die();
    }
    this.entries.clear();
    for (const reference of this.bare) reference.die();
    this.bare.clear();
  }

  private checkLimit(): void {
    if (this.size >= this.limit) {
      throw new ProtocolError(`More than ${this.limit} remote objects are held`, ErrorCode.limit);
    }
  }
}

interface CacheEntry {
  readonly reference: RemoteReference;
  readonly netref: WeakRef<Netref>;
}

function createNetref(reference: RemoteReference): Netref {
  const target = shownAs(textOf, reference);
  const handler = new NetrefHandler(reference);
  const proxy = new Proxy(target, handler);
  handler.self = new WeakRef(proxy);
  return proxy as unknown as Netref;
}

const NO_NAMES: readonly string[] = [];

class NetrefHandler extends RemoteProxyHandler {
  /** The proxy itself. A path holds it, so that the object lives as long as somebody may ask for more of it. */
  self: WeakRef<() => undefined> | undefined;

  constructor(private readonly reference: RemoteReference) {
    super();
  }

  get(_target: () => undefined, property: string | symbol): unknown {
    const { reference } = this;
    if (property === referenceSymbol) return reference;
    const local = localMember(property, textOf, reference);
    if (local !== undefined) return local;
    if (property === Symbol.asyncIterator) {
      const { now } = this.base();
      return () => iterate(() => Promise.resolve(now));
    }
    if (typeof property === 'symbol' || property === 'then') return undefined;
    return createPath(this.base(), [property]);
  }

  apply(_target: () => undefined, _self: unknown, args: unknown[]): Path {
    return invoke(this.base(), NO_NAMES, args, callerOf(this, 'apply'));
  }

  private base(): PathBase {
    return new NetrefBase(this.reference, this.self?.deref() ?? this.reference);
  }
}

/** A path that starts at a netref. */
class NetrefBase implements PathBase {
  constructor(
    private readonly reference: RemoteReference,
    readonly now: unknown,
  ) {}

  get host(): ReferenceHost {
    return this.reference.host;
  }

  get text(): string {
    return textOf(this.reference);
  }

  get(): Promise<unknown> {
    return Promise.resolve(this.now);
  }
}

function textOf(reference: RemoteReference): string {
  return `<netref ${reference.typeText}>`;
}

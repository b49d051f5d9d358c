/*
 * The table of our objects that the peer holds, after RefCountingColl of rpyc/lib/colls.py. Differs on purpose: ids are
 * counters from a random start and not addresses, the table is bounded, and an object is found by its typed key only.
 */

import { randomBytes } from 'node:crypto';

import type { Dialect } from './dialect';
import { ErrorCode, ProtocolError } from './errors';
import type { LocalReference } from './references';

interface Entry {
  readonly object: object;
  readonly reference: LocalReference;
  readonly instanceId: bigint;
  /** References that were sent and not given back. */
  count: number;
}

/** What an object's class is called towards the peer. */
export interface LocalType {
  readonly module: string;
  readonly typeName: string;
}

export class LocalRefs {
  private readonly byKey = new Map<string, Entry>();
  private readonly byObject = new Map<object, Entry>();
  private readonly classIds = new Map<string, bigint>();
  /** An object keeps its id while it lives, so that its hash does not change. */
  private readonly instanceIds = new WeakMap<object, bigint>();
  private nextId: bigint;

  constructor(
    private readonly limit: number,
    private readonly describe: (object: object) => LocalType,
  ) {
    this.nextId = (1n << 32n) + BigInt(randomBytes(4).readUInt32BE());
  }

  get size(): number {
    return this.byObject.size;
  }

  /**
   * Counts one more reference to `object` and tells how to write it.
   *
   * @throws ProtocolError `ERR_LIMIT` where the peer holds too many objects
   */
  add(object: object, dialect: Dialect): LocalReference {
    const known = this.byObject.get(object);
    if (known !== undefined) {
      known.count++;
      return known.reference;
    }
    if (this.byObject.size >= this.limit) {
      throw new ProtocolError(`The peer holds more than ${this.limit} objects`, ErrorCode.limit);
    }
    const { module, typeName } = this.describe(object);
    const instanceId = this.idOf(object);
    const reference = dialect.referTo({
      module,
      typeName,
      classId: this.classId(`${module}.${typeName}`),
      instanceId,
    });
    const entry = { object, reference, instanceId, count: 1 };
    this.byKey.set(reference.key, entry);
    // A peer that takes the name for the number asks for it at once, before it sees a second object of that name.
    if (reference.alias !== undefined && !this.byKey.has(reference.alias))
      this.byKey.set(reference.alias, entry);
    this.byObject.set(object, entry);
    return reference;
  }

  get(key: string): object | undefined {
    return this.byKey.get(key)?.object;
  }

  /** The number that stands for `object` on this connection. */
  idOf(object: object): bigint {
    let id = this.instanceIds.get(object);
    if (id === undefined) {
      id = this.nextId++;
      this.instanceIds.set(object, id);
    }
    return id;
  }

  /** Gives back `count` references to `object`. False where the peer holds none. */
  release(object: object, count: number): boolean {
    const entry = this.byObject.get(object);
    if (entry === undefined) return false;
    entry.count -= count;
    if (entry.count <= 0) {
      this.forget(entry);
      this.byObject.delete(object);
    }
    return true;
  }

  clear(): void {
    this.byKey.clear();
    this.byObject.clear();
  }

  private forget(entry: Entry): void {
    const { key, alias } = entry.reference;
    this.byKey.delete(key);
    if (alias !== undefined && this.byKey.get(alias) === entry) this.byKey.delete(alias);
  }

  private classId(name: string): bigint {
    let id = this.classIds.get(name);
    if (id === undefined) {
      id = this.nextId++;
      this.classIds.set(name, id);
    }
    return id;
  }
}

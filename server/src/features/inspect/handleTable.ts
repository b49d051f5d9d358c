import type { Handle, ObjectKind, ObjectNode, PathStep } from '../../api/model';
import type { ReferenceOwner } from '../../api/wire';
import type { Netref } from '../../rpyc/index';
import { ProblemError, staleHandle } from '../problem';
import { partExpression, rootExpression } from './expression';
import type { RowFacts } from './rows';

type RootStep = Extract<PathStep, { kind: 'root' }>;
export type RootName = RootStep['name'];

/** A row that somebody may look into, and the way to its object. */
export interface Entry {
  readonly id: number;
  readonly profileId: string;
  /** Of the connection that the row came over. */
  readonly generation: number;
  readonly parent: Entry | undefined;
  readonly step: PathStep;
  facts: RowFacts;
  readonly expression: string | undefined;
  /** The row is open: as long as it is, its handle is good. */
  open: boolean;
  /** What is held on the peer for it, since it was expanded or read. */
  held: Held | undefined;
  /** What it is held for, and since when, in milliseconds since 1970. */
  reason?: { readonly owner: HoldingOwner; readonly since: number };
}

/** The row of the object that a row's children are parts of: its own, or the one above a group of names. */
export function ownerOf(entry: Entry): Entry {
  return entry.step.kind === 'group' && entry.parent !== undefined ? entry.parent : entry;
}

export type HoldingOwner = Extract<ReferenceOwner, 'expanded' | 'read' | 'listed'>;

/** A number of the helper's table; where there is no helper, a reference, or a tuple that came by value. */
export type Held =
  | { readonly kind: 'number'; readonly number: number }
  | { readonly kind: 'netref'; readonly netref: Netref }
  | { readonly kind: 'value'; readonly items: readonly unknown[] };

export interface HandleLimits {
  /** Rows of one connection that have a handle. */
  readonly rows: number;
  /** Objects of one connection that are held on its peer. */
  readonly held: number;
}

export const DEFAULT_HANDLE_LIMITS: HandleLimits = { rows: 50_000, held: 2_000 };

/** The rows of one generation of one profile. Maps keep the order of use: the first is the least recently used. */
interface Rows {
  readonly generation: number;
  readonly entries: Map<number, Entry>;
  readonly holding: Map<number, Entry>;
}

/**
 * Hands out handles for rows and finds the rows again. A handle is good in one start of the process, for one
 * connection, as long as its row is open. Rows beyond the limits go, least recently used first.
 */
export class HandleTable {
  private readonly rows = new Map<string, Rows>();
  private readonly profileIds = new Map<number, string>();
  private lastId = 0;
  private evicted = false;

  /**
   * @param epoch names this start of the process
   * @param letGo called with what need not be held on the peer any more
   * @param onDidClose called with each row that is closed while its connection lives
   * @param onDidChangeHeld called with the profile when more or less is held on its peer
   */
  constructor(
    private readonly epoch: string,
    private readonly limits: HandleLimits,
    private readonly letGo: (entry: Entry, held: Held) => void,
    private readonly onDidClose: (entry: Entry) => void = () => undefined,
    private readonly onDidChangeHeld: (profileId: string) => void = () => undefined,
  ) {}

  /** The profile that a handle belongs to, where it is still good. */
  profileOf(handle: Handle): string | undefined {
    return handle.epoch === this.epoch ? this.profileIds.get(handle.id) : undefined;
  }

  /** @throws ProblemError `ERR_STALE` where the handle is of another start, or its row is gone */
  find(handle: Handle): Entry {
    const profileId = this.profileOf(handle);
    const rows = profileId === undefined ? undefined : this.rows.get(profileId);
    const entry = rows?.entries.get(handle.id);
    if (rows === undefined || entry === undefined) {
      throw new ProblemError(staleHandle());
    }
    this.touch(rows, entry);
    return entry;
  }

  /** A row directly under a connection. @param expression what gives it, where that does not follow from the name */
  addRoot(
    profileId: string,
    generation: number,
    name: RootName,
    facts: RowFacts,
    expression = rootExpression(name),
  ): Entry {
    return this.insert({ profileId, generation, parent: undefined, facts, expression });
  }

  /** A row under another row. */
  addPart(parent: Entry, facts: RowFacts): Entry {
    const root = parent.step.kind === 'root' ? parent.step.name : undefined;
    return this.insert({
      profileId: parent.profileId,
      generation: parent.generation,
      parent,
      facts,
      expression: partExpression({ root, expression: parent.expression }, facts.step, facts.reachable),
    });
  }

  /** A step on the way to a row that nobody has open. */
  passBy(parent: Entry, facts: RowFacts): Entry {
    const entry = this.addPart(parent, facts);
    this.close(entry);
    return entry;
  }

  /** Whether rows had to go for the newest ones since this was asked last. */
  takeEvicted(): boolean {
    const evicted = this.evicted;
    this.evicted = false;
    return evicted;
  }

  /** The row was read: it shows `facts` from now on, and `held` is what is behind it. */
  replace(entry: Entry, facts: RowFacts, held: Held | undefined): void {
    const rows = this.rows.get(entry.profileId);
    if (rows !== undefined) {
      this.drop(rows, entry);
    }
    entry.facts = facts;
    if (held !== undefined) {
      this.hold(entry, held, 'read');
    }
  }

  /**
   * Something is held on the peer for the row from now on.
   *
   * @param owner what for
   * @returns what is held; what was there already stays, and the new one is let go
   */
  hold(entry: Entry, held: Held, owner: HoldingOwner = 'expanded'): Held {
    if (isSame(entry.held, held)) {
      return held;
    }
    const rows = this.rows.get(entry.profileId);
    const isCurrent = rows?.generation === entry.generation && entry.open;
    if (entry.held !== undefined || !isCurrent) {
      this.letGo(entry, held);
      return entry.held ?? held;
    }
    entry.held = held;
    entry.reason = { owner, since: Date.now() };
    rows.holding.set(entry.id, entry);
    this.onDidChangeHeld(entry.profileId);
    for (const oldest of rows.holding.values()) {
      if (rows.holding.size <= this.limits.held) {
        break;
      }
      this.drop(rows, oldest);
    }
    return held;
  }

  /** These rows are closed. Handles that are not known are passed over. */
  release(handles: readonly Handle[]): void {
    for (const handle of handles) {
      const profileId = this.profileOf(handle);
      const entry = profileId === undefined ? undefined : this.rows.get(profileId)?.entries.get(handle.id);
      if (entry !== undefined) {
        this.close(entry);
      }
    }
  }

  /** The connection is gone: so are its rows, and what was held for them. */
  forget(profileId: string): void {
    for (const entry of this.rows.get(profileId)?.entries.values() ?? []) {
      entry.open = false;
      entry.held = undefined;
      this.profileIds.delete(entry.id);
    }
    this.rows.delete(profileId);
  }

  /** An open row of the same path: a refresh makes new ones before it closes the old ones. */
  openTwin(entry: Entry): Entry | undefined {
    const path = pathKey(entry);
    for (const other of this.rows.get(entry.profileId)?.entries.values() ?? []) {
      if (other !== entry && other.facts.name === entry.facts.name && pathKey(other) === path) {
        return other;
      }
    }
    return undefined;
  }

  /** Rows that are open, of all connections. */
  get size(): number {
    return this.profileIds.size;
  }

  /** Whether an open row of the connection holds this very reference, be it inside of a tuple. */
  holds(profileId: string, netref: Netref): boolean {
    const holding = [...(this.rows.get(profileId)?.holding.values() ?? [])];
    return holding.some(({ held }) =>
      held?.kind === 'value'
        ? held.items.includes(netref)
        : held?.kind === 'netref' && held.netref === netref,
    );
  }

  /** Objects that are held on the peer for this connection's rows. */
  heldCount(profileId: string): number {
    return this.rows.get(profileId)?.holding.size ?? 0;
  }

  /** The rows of this connection for which something is held, in the order in which they came. */
  holding(profileId: string): readonly Entry[] {
    return [...(this.rows.get(profileId)?.holding.values() ?? [])].sort((one, other) => one.id - other.id);
  }

  /** What is held for this row goes. The row stays open: when it is used again, its object is looked for anew. */
  letGoOf(entry: Entry): void {
    const rows = this.rows.get(entry.profileId);
    if (rows !== undefined) {
      this.drop(rows, entry);
    }
  }

  /** A row that is open, without counting that as a use of it. */
  peek(handle: Handle): Entry | undefined {
    const profileId = this.profileOf(handle);
    return profileId === undefined ? undefined : this.rows.get(profileId)?.entries.get(handle.id);
  }

  /** The row as it is shown. */
  nodeOf(entry: Entry): ObjectNode {
    const { facts, expression } = entry;
    return {
      handle: { epoch: this.epoch, id: entry.id },
      path: pathOf(entry),
      name: facts.name,
      kind: facts.kind,
      typeName: facts.typeName,
      value: facts.value,
      expandable: facts.expandable,
      ...(facts.length === undefined ? {} : { length: facts.length }),
      ...(expression === undefined ? {} : { expression }),
      ...(facts.access?.editable === true ? { editable: true } : {}),
      ...(facts.access?.deletable === true ? { deletable: true } : {}),
      ...(facts.access?.callable === true ? { callable: true } : {}),
      ...(facts.access?.iterator === true ? { iterator: true } : {}),
      ...(facts.access?.showable === true ? { showable: true } : {}),
      ...(facts.blocked === undefined ? {} : { blocked: facts.blocked }),
    };
  }

  private insert(made: Omit<Entry, 'id' | 'open' | 'held' | 'step'>): Entry {
    const rows = this.rowsOf(made.profileId, made.generation);
    this.lastId += 1;
    const entry: Entry = { ...made, id: this.lastId, step: made.facts.step, open: true, held: undefined };
    rows.entries.set(entry.id, entry);
    this.profileIds.set(entry.id, entry.profileId);
    for (const oldest of rows.entries.values()) {
      if (rows.entries.size <= this.limits.rows) {
        break;
      }
      this.evicted = true;
      this.close(oldest);
    }
    return entry;
  }

  private rowsOf(profileId: string, generation: number): Rows {
    const known = this.rows.get(profileId);
    if (known?.generation === generation) {
      return known;
    }
    if (known !== undefined && known.generation > generation) {
      throw new ProblemError(staleHandle());
    }
    this.forget(profileId);
    const rows: Rows = { generation, entries: new Map(), holding: new Map() };
    this.rows.set(profileId, rows);
    return rows;
  }

  private touch(rows: Rows, entry: Entry): void {
    rows.entries.delete(entry.id);
    rows.entries.set(entry.id, entry);
    if (rows.holding.delete(entry.id)) {
      rows.holding.set(entry.id, entry);
    }
    // The way to an open row is used with it.
    for (let above = entry.parent; above !== undefined; above = above.parent) {
      if (above.open && rows.entries.delete(above.id)) {
        rows.entries.set(above.id, above);
      }
      if (rows.holding.delete(above.id)) {
        rows.holding.set(above.id, above);
      }
    }
  }

  private close(entry: Entry): void {
    const rows = this.rows.get(entry.profileId);
    entry.open = false;
    this.profileIds.delete(entry.id);
    rows?.entries.delete(entry.id);
    if (rows !== undefined) {
      this.drop(rows, entry);
    }
    this.onDidClose(entry);
  }

  private drop(rows: Rows, entry: Entry): void {
    const { held } = entry;
    if (held !== undefined && rows.holding.delete(entry.id)) {
      entry.held = undefined;
      this.letGo(entry, held);
      this.onDidChangeHeld(entry.profileId);
    }
  }
}

function isSame(one: Held | undefined, other: Held): boolean {
  return one?.kind === 'number' && other.kind === 'number' && one.number === other.number;
}

/** The way from the connection's root to a row. */
export function pathOf(entry: Entry): readonly PathStep[] {
  const steps: PathStep[] = [];
  for (let at: Entry | undefined = entry; at !== undefined; at = at.parent) {
    steps.unshift(at.step);
  }
  return steps;
}

function pathKey(entry: Entry): string {
  return JSON.stringify(pathOf(entry));
}

/** Facts for a row directly under a connection. */
export function rootFacts(
  name: RootName,
  kind: ObjectKind,
  shown: Pick<RowFacts, 'name' | 'typeName' | 'value'>,
): RowFacts {
  return {
    ...shown,
    step: { kind: 'root', name },
    kind,
    expandable: true,
    reachable: true,
    unread: false,
  };
}

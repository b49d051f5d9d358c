import type { HeldReference, HeldReferences, ReferenceOwner } from '../../api/wire';
import { Emitter, type Event, type HeldObject, type Netref, isNetref } from '../../rpyc/index';
import type { OpenConnection, OpenConnections } from '../pool/openConnections';
import { type Entry, type HandleTable, pathOf } from './handleTable';
import { TextLimit, singleLine } from './preview';
import type { ServiceResults } from './serviceResults';
import type { KeptUndo, UndoHistory } from './undoHistory';

/** References that are listed of one connection. */
const MAX_LISTED = 500;
/** Characters of an expression. */
const MAX_NAME = 300;
/** Characters of what the peer knows an object by. */
const MAX_KEY = 300;

export interface ReferenceListOptions {
  readonly epoch: string;
  readonly table: HandleTable;
  readonly history: UndoHistory;
  readonly connections: OpenConnections;
  readonly results: (profileId: string) => ServiceResults | undefined;
}

/** For what an object is held. */
type Owned = Pick<HeldReference, 'id' | 'owner' | 'name' | 'typeName'> &
  Partial<Pick<HeldReference, 'since' | 'path' | 'handle'>>;

/** What is held on the peers, as it is now: by rows, for undoing, as results, and for the connection itself. */
export class ReferenceList {
  private readonly changed = new Emitter<string>();
  private readonly waiting = new Set<string>();

  /** More or less is held on the peer of this profile. Told once for all that changes in one turn, while it is wanted. */
  readonly onDidChange: Event<string> = this.changed.event;
  /** Somebody wants to be told. */
  isWatched = false;

  constructor(private readonly options: ReferenceListOptions) {}

  /** To be called where something changes. */
  noteChange(profileId: string): void {
    if (!this.isWatched) {
      return;
    }
    if (this.waiting.size === 0) {
      setImmediate(() => {
        const profileIds = [...this.waiting];
        this.waiting.clear();
        profileIds.forEach((id) => this.changed.fire(id));
      });
    }
    this.waiting.add(profileId);
  }

  /** Asks the peer nothing. */
  async list(profileId: string): Promise<HeldReferences> {
    const open = this.options.connections.of(profileId);
    const owners = this.ownersOf(profileId);
    const references: HeldReference[] = [];
    for (const [index, one] of open.entries()) {
      const owned = new Map([...owners, ...(await ownNeeds(one))]);
      for (const object of one.connection.heldObjects) {
        references.push(byReference(object, owned, index > 0));
      }
    }
    if (open.length > 0) {
      references.push(...this.byNumber(profileId));
    }
    references.sort((one, other) => (one.since ?? 0) - (other.since ?? 0));
    return {
      references: references.slice(0, MAX_LISTED),
      total: references.length,
      lent: open.reduce((sum, { connection }) => sum + connection.lentReferences, 0),
    };
  }

  /**
   * Lets go of what has these ids; of `rows` what is held for rows, all of it. Rows stay, and their objects are looked for
   * anew when they are used again. Ids that are not known are passed over.
   *
   * @returns how many were let go
   */
  release(profileId: string, what: readonly string[] | 'rows'): number {
    const { table, history } = this.options;
    const wanted = what === 'rows' ? undefined : new Set(what);
    const rows = table
      .holding(profileId)
      .filter((entry) => isOnPeer(entry) && (wanted?.has(rowId(entry)) ?? true));
    const undos = history.of(profileId).filter((kept) => wanted?.has(undoId(kept)) === true);
    rows.forEach((entry) => table.letGoOf(entry));
    undos.forEach(({ id }) => history.letGoOf(id));
    return rows.length + undos.length;
  }

  /** What holds references of the library's. */
  private ownersOf(profileId: string): Map<Netref, Owned> {
    const { table, history, results } = this.options;
    const owners = new Map<Netref, Owned>();
    const kept = results(profileId);
    for (const name of kept?.names ?? []) {
      const value = kept?.get(name);
      if (isNetref(value)) {
        owners.set(value, { id: '', owner: 'result', name: singleLine(name, MAX_NAME), typeName: '' });
      }
    }
    for (const one of history.of(profileId)) {
      if (one.undo.kind === 'old') {
        for (const value of [one.undo.owner, one.undo.value]) {
          if (isNetref(value)) {
            owners.set(value, this.byUndo(one));
          }
        }
      }
    }
    for (const entry of table.holding(profileId)) {
      if (entry.held?.kind === 'netref') {
        owners.set(entry.held.netref, this.byRow(entry));
      }
    }
    return owners;
  }

  /** What the helper of a classic peer keeps for us. */
  private byNumber(profileId: string): readonly HeldReference[] {
    const { table, history } = this.options;
    const shown = (owned: Owned, number: number): HeldReference => ({
      ...owned,
      key: `#${number}`,
      count: 1,
      releasable: true,
      forRuns: false,
    });
    return [
      ...table
        .holding(profileId)
        .flatMap((entry) =>
          entry.held?.kind === 'number' ? [shown(this.byRow(entry), entry.held.number)] : [],
        ),
      ...history
        .of(profileId)
        .flatMap((kept) => (kept.undo.kind === 'number' ? [shown(this.byUndo(kept), kept.undo.number)] : [])),
    ];
  }

  private byRow(entry: Entry): Owned {
    const { facts, expression, reason } = entry;
    return {
      id: rowId(entry),
      owner: reason?.owner ?? 'expanded',
      name: singleLine(expression ?? facts.name, MAX_NAME),
      typeName: facts.typeName,
      path: pathOf(entry),
      handle: { epoch: this.options.epoch, id: entry.id },
      ...(reason === undefined ? {} : { since: reason.since }),
    };
  }

  private byUndo(kept: KeptUndo): Owned {
    const name = kept.owner?.expression ?? kept.owner?.facts.name ?? '';
    return {
      id: undoId(kept),
      owner: 'undo',
      name: singleLine(name, MAX_NAME),
      typeName: '',
      since: kept.since,
    };
  }
}

/** What a connection needs itself. Its root was asked for when it was opened. */
async function ownNeeds({ connection, agent, since }: OpenConnection): Promise<[Netref, Owned][]> {
  const root: unknown = await connection.root;
  const owned = (owner: ReferenceOwner): Owned => ({ id: '', owner, name: '', typeName: '', since });
  return [
    ...(isNetref(root) ? [[root, owned('root')] as [Netref, Owned]] : []),
    ...(agent?.references ?? []).map((netref): [Netref, Owned] => [netref, owned('helper')]),
  ];
}

const IN_USE: Owned = { id: '', owner: 'use', name: '', typeName: '' };

function byReference(
  object: HeldObject,
  owners: ReadonlyMap<Netref, Owned>,
  forRuns: boolean,
): HeldReference {
  const { netref, typeText, count, key } = object;
  const owned = (netref && owners.get(netref)) ?? IN_USE;
  return {
    ...owned,
    typeName: singleLine(typeText, TextLimit.type),
    key: singleLine(key, MAX_KEY),
    count,
    releasable: owned.id !== '',
    forRuns,
  };
}

/** A tuple that came by value is held here alone. */
function isOnPeer({ held }: Entry): boolean {
  return held !== undefined && held.kind !== 'value';
}

function rowId({ id }: Entry): string {
  return `row:${id}`;
}

function undoId({ id }: KeptUndo): string {
  return `undo:${id}`;
}

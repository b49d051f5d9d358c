import type { ObjectChildrenParams } from '../../server/src/api/messages';
import type { Handle, ObjectNode, ObjectPage, ObjectPath } from '../../server/src/api/model';
import { connectionRowId, partRowId } from './rows';
import type { ConnectionRow, MoreRow, NoteRow, ObjectRow, ParentRow, Row } from './rows';

export const PAGE_SIZE = 100;

/** What the model asks of the background process. */
export interface ObjectSource {
  roots(profileId: string): Promise<readonly ObjectNode[]>;
  children(params: ObjectChildrenParams): Promise<ObjectPage>;
  resolve(profileId: string, path: ObjectPath): Promise<ObjectNode>;
  read(handle: Handle, anyway: boolean): Promise<ObjectNode>;
  /** Whether the user does not want to see the row. */
  isHidden(node: ObjectNode): boolean;
  release(handles: readonly Handle[]): void;
  /** Whether the objects of this connection can be asked for now. */
  isConnected(profileId: string): boolean;
  /** Whether the error says that a handle is of an older connection or was let go. */
  isStale(error: unknown): boolean;
  messageOf(error: unknown): string;
}

interface Children {
  /** The version of the connection's objects that these rows show; -1 after a collapse. */
  version: number;
  rows: ObjectRow[];
  /** Rows that a search put here, ahead of the page that they belong to. */
  found: ObjectRow[];
  more: boolean;
  total: number | undefined;
  note: string | undefined;
  /** The next page, while it is on its way. */
  appending: Promise<ObjectRow | undefined> | undefined;
}

/** One attempt to load the rows under a row. It counts as long as it is the newest. */
interface Ticket {
  readonly version: number;
}

interface Loading {
  readonly ticket: Ticket;
  readonly result: Promise<readonly Row[]>;
}

/**
 * The rows that were loaded so far. Rows outlive a lost connection, so that they can be shown until fresh ones
 * take their place; ids depend on the path alone, so the new rows are the old ones to the tree.
 */
export class RowModel {
  private readonly connections = new Map<string, ConnectionRow>();
  private readonly objects = new Map<string, ObjectRow>();
  private readonly childrenById = new Map<string, Children>();
  private readonly loading = new Map<string, Loading>();
  private readonly reading = new Map<ObjectRow, Promise<void>>();
  private readonly versions = new Map<string, number>();
  private readonly expandedIds = new Set<string>();
  /** Why the last attempt to load the rows under a row failed. */
  private readonly failures = new Map<string, NoteRow>();

  /** Handles that rows no longer use, to be let go in one message. */
  private unused: Handle[] = [];

  constructor(private readonly source: ObjectSource) {}

  connectionRow(profileId: string): ConnectionRow {
    let row = this.connections.get(profileId);
    if (row === undefined) {
      row = { kind: 'connection', id: connectionRowId(profileId), profileId };
      this.connections.set(profileId, row);
    }
    return row;
  }

  /** The rows under a row: those at hand where they are fresh or the connection is gone, else from the peer. */
  async childrenOf(row: ParentRow): Promise<readonly Row[]> {
    const known = this.childrenById.get(row.id);
    const version = this.versionOf(row.profileId);
    if (!this.source.isConnected(row.profileId)) {
      return known === undefined ? [] : this.rowsOf(row, known);
    }
    if (known?.version === version) {
      return this.rowsOf(row, known);
    }
    const running = this.loading.get(row.id);
    if (running?.ticket.version === version) {
      return running.result;
    }
    const ticket = { version };
    const result = this.load(row, known, ticket).finally(() => {
      if (this.isNewest(row, ticket)) {
        this.loading.delete(row.id);
      }
    });
    this.loading.set(row.id, { ticket, result });
    return result;
  }

  /** Adds the next page under a row. @returns the first row that is new */
  async loadMore(row: ObjectRow): Promise<ObjectRow | undefined> {
    const known = this.childrenById.get(row.id);
    if (known === undefined || !known.more) {
      return undefined;
    }
    known.appending ??= this.appendPage(row, known).finally(() => {
      known.appending = undefined;
    });
    return known.appending;
  }

  /** Shows an object that a search found, even where its page is not loaded. */
  async reveal(parent: ObjectRow, node: ObjectNode): Promise<ObjectRow> {
    await this.childrenOf(parent);
    const known = this.childrenById.get(parent.id);
    const row = this.objectRow(parent, node, new Set());
    if (known !== undefined && !known.rows.includes(row) && !known.found.includes(row)) {
      known.found.push(row);
    }
    this.releaseUnused();
    return row;
  }

  /**
   * Reads a row that is known by name only. It may run code of the peer, so it is asked for once at a time.
   *
   * @param anyway also where the peer is expected to refuse
   */
  read(row: ObjectRow, anyway = false): Promise<void> {
    let reading = this.reading.get(row);
    if (reading === undefined) {
      reading = this.readNode(row, anyway).finally(() => this.reading.delete(row));
      this.reading.set(row, reading);
    }
    return reading;
  }

  /**
   * Calls with the row's handle; where that is stale, once more with a fresh one.
   */
  async withFreshHandle<T>(row: ObjectRow, call: (handle: Handle) => Promise<T>): Promise<T> {
    try {
      return await call(row.node.handle);
    } catch (error) {
      if (!this.source.isStale(error)) {
        throw error;
      }
      this.setNode(row, await this.source.resolve(row.profileId, row.node.path));
      return await call(row.node.handle);
    }
  }

  /** The objects of a connection may have changed: every row is asked for again when it is next shown. */
  invalidate(profileId: string): void {
    this.versions.set(profileId, this.versionOf(profileId) + 1);
  }

  /** As `invalidate`, for the rows under one row. */
  invalidateUnder(row: ParentRow): void {
    this.markOld(row);
    // What is on its way was asked for before, and would pass for fresh.
    for (const id of this.loading.keys()) {
      if (isAtOrUnder(id, row.id)) {
        this.loading.delete(id);
      }
    }
  }

  /** Drops all rows of a connection. */
  forget(profileId: string): void {
    const prefix = connectionRowId(profileId);
    for (const rows of [this.objects, this.childrenById, this.loading, this.failures]) {
      for (const id of rows.keys()) {
        if (isAtOrUnder(id, prefix)) {
          rows.delete(id);
        }
      }
    }
    this.invalidate(profileId);
  }

  /** As `forget`, for a profile that is no more: what was expanded is forgotten too. */
  drop(profileId: string): void {
    this.forget(profileId);
    const prefix = connectionRowId(profileId);
    this.connections.delete(profileId);
    for (const id of [...this.expandedIds]) {
      if (id.startsWith(`${prefix}/`)) {
        this.expandedIds.delete(id);
      }
    }
  }

  /** @returns whether the rows under it have to be asked for again */
  expand(row: ParentRow): boolean {
    this.expandedIds.add(row.id);
    const known = this.childrenById.get(row.id);
    return known !== undefined && known.version === -1;
  }

  /** What the row and all under it hold on the peer can go. */
  collapse(row: ParentRow): void {
    this.expandedIds.delete(row.id);
    if (row.kind !== 'object') {
      return;
    }
    this.markOld(row);
    if (this.source.isConnected(row.profileId)) {
      this.unused.push(...this.handlesUnder(row));
      this.releaseUnused();
    }
  }

  isExpanded(row: ParentRow): boolean {
    return this.expandedIds.has(row.id);
  }

  objectById(id: string): ObjectRow | undefined {
    return this.objects.get(id);
  }

  /** The rows at hand under a row, without asking anybody. */
  loaded(row: ParentRow): readonly Row[] {
    const failure = this.failures.get(row.id);
    if (failure !== undefined) {
      return [failure];
    }
    const known = this.childrenById.get(row.id);
    return known === undefined ? [] : this.rowsOf(row, known);
  }

  /** Whether there are rows under the row that the user does not want to see. */
  hidesSome(row: ParentRow): boolean {
    return this.childrenById.get(row.id)?.rows.some(({ node }) => this.source.isHidden(node)) === true;
  }

  /** The rows whose last attempt to show something under them failed. */
  failed(profileId: string): readonly ParentRow[] {
    return [...this.failures.values()]
      .filter((note) => note.profileId === profileId)
      .flatMap((note) => (note.parent === undefined ? [] : [note.parent]));
  }

  /** The handle of the row too, unless no path leads to its value again. That of a group holds nothing. */
  private handlesUnder(row: ObjectRow): Handle[] {
    const under = [...this.objects.values()].filter((other) => other.id.startsWith(`${row.id}/`));
    return [...under, ...(row.wasRead || row.node.kind === 'group' ? [] : [row])].map(
      (other) => other.node.handle,
    );
  }

  private markOld(row: ParentRow): void {
    for (const [id, children] of this.childrenById) {
      if (isAtOrUnder(id, row.id)) {
        children.version = -1;
      }
    }
  }

  private async load(row: ParentRow, known: Children | undefined, ticket: Ticket): Promise<readonly Row[]> {
    try {
      const children = await this.fetch(row, known, ticket);
      if (children === undefined || !this.isNewest(row, ticket)) {
        this.releaseUnused();
        return await this.childrenOf(row);
      }
      if (children.rows.length === 0 && children.note !== undefined) {
        return this.fail(row, 'info', children.note);
      }
      const kept = new Set([...children.rows, ...children.found]);
      const before = [...(known?.rows ?? []), ...(known?.found ?? [])];
      this.dropRows(before.filter((old) => !kept.has(old)));
      this.childrenById.set(row.id, children);
      this.failures.delete(row.id);
      this.releaseUnused();
      return this.rowsOf(row, children);
    } catch (error) {
      if (known !== undefined && !this.source.isConnected(row.profileId)) {
        return this.rowsOf(row, known);
      }
      if (!this.isNewest(row, ticket)) {
        return this.childrenOf(row);
      }
      return this.fail(row, 'error', this.source.messageOf(error));
    }
  }

  /** As many rows as were shown before. @returns undefined where a newer attempt took over */
  private async fetch(
    row: ParentRow,
    known: Children | undefined,
    ticket: Ticket,
  ): Promise<Children | undefined> {
    const children: Children = {
      version: ticket.version,
      rows: [],
      found: [],
      more: false,
      total: undefined,
      note: undefined,
      appending: undefined,
    };
    if (row.kind === 'connection') {
      const nodes = await this.source.roots(row.profileId);
      if (!this.isNewest(row, ticket)) {
        this.discard(nodes);
        return undefined;
      }
      const ids = new Set<string>();
      children.rows = nodes.map((node) => this.objectRow(row, node, ids));
      return children;
    }
    const wanted = Math.max(PAGE_SIZE, known?.rows.length ?? 0);
    do {
      const page = await this.page(row, children.rows.length, PAGE_SIZE);
      if (!this.isNewest(row, ticket)) {
        this.discard(page.nodes);
        return undefined;
      }
      this.append(row, children, page);
    } while (children.more && children.rows.length < wanted);
    children.found = await this.findAgain(row, known?.found ?? [], children.rows);
    return children;
  }

  private isNewest(row: ParentRow, ticket: Ticket): boolean {
    return this.loading.get(row.id)?.ticket === ticket && this.versionOf(row.profileId) === ticket.version;
  }

  private async appendPage(row: ObjectRow, known: Children): Promise<ObjectRow | undefined> {
    const before = known.rows.length;
    const page = await this.page(row, before, PAGE_SIZE);
    if (this.childrenById.get(row.id) !== known) {
      this.discard(page.nodes);
      this.releaseUnused();
      return undefined;
    }
    this.append(row, known, page);
    this.releaseUnused();
    return known.rows[before];
  }

  private async readNode(row: ObjectRow, anyway: boolean): Promise<void> {
    this.setNode(row, await this.withFreshHandle(row, (handle) => this.source.read(handle, anyway)));
    row.wasRead = true;
    // What is loaded under it belongs to the value that was read before.
    this.invalidateUnder(row);
    this.releaseUnused();
  }

  /** Lets go of nodes that come too late to be shown. */
  private discard(nodes: readonly ObjectNode[]): void {
    this.unused.push(...nodes.map((node) => node.handle));
  }

  /** These objects are no more: their rows go, and all rows under them. */
  private dropRows(gone: readonly ObjectRow[]): void {
    if (gone.length === 0) {
      return;
    }
    const roots: ReadonlySet<Row> = new Set(gone);
    for (const row of [...this.objects.values()].filter((other) => isInside(other, roots))) {
      this.unused.push(row.node.handle);
      for (const rows of [this.objects, this.childrenById, this.loading, this.failures]) {
        rows.delete(row.id);
      }
    }
  }

  /** A sentence in the place of the rows. They are asked for again when they are shown anew. */
  private fail(row: ParentRow, severity: NoteRow['severity'], message: string): readonly Row[] {
    const note = this.noteRow(row, severity, message);
    this.failures.set(row.id, note);
    return [note];
  }

  private page(row: ObjectRow, offset: number, limit: number): Promise<ObjectPage> {
    return this.withFreshHandle(row, (handle) =>
      this.source.children({ handle, offset, limit, groups: true }),
    );
  }

  private append(row: ObjectRow, children: Children, page: ObjectPage): void {
    const ids = new Set(children.rows.map((child) => child.id));
    children.rows.push(...page.nodes.map((node) => this.objectRow(row, node, ids)));
    children.found = children.found.filter((child) => !children.rows.includes(child));
    children.more = page.more && page.nodes.length > 0;
    children.total = page.total;
    children.note = page.note;
  }

  private async findAgain(
    parent: ObjectRow,
    found: readonly ObjectRow[],
    rows: readonly ObjectRow[],
  ): Promise<ObjectRow[]> {
    const again: ObjectRow[] = [];
    for (const row of found.filter((candidate) => !rows.includes(candidate))) {
      try {
        const node = await this.source.resolve(row.profileId, row.node.path);
        again.push(this.objectRow(parent, node, new Set()));
      } catch {
        // The object is no more, and so is its row.
      }
    }
    return again;
  }

  /** The row of this path, the same object as before. Two siblings of one text are told apart by a number. */
  private objectRow(parent: ParentRow, node: ObjectNode, siblings: Set<string>): ObjectRow {
    const path = partRowId(parent, node);
    let id = path;
    for (let n = 2; siblings.has(id); n++) {
      id = `${path}~${n}`;
    }
    siblings.add(id);
    const known = this.objects.get(id);
    if (known !== undefined) {
      this.setNode(known, node);
      known.parent = parent;
      return known;
    }
    const row: ObjectRow = { kind: 'object', id, profileId: parent.profileId, parent, node, wasRead: false };
    this.objects.set(id, row);
    return row;
  }

  private setNode(row: ObjectRow, node: ObjectNode): void {
    const { handle } = row.node;
    if (handle.id !== node.handle.id || handle.epoch !== node.handle.epoch) {
      this.unused.push(handle);
    }
    row.node = node;
    row.wasRead = false;
  }

  private releaseUnused(): void {
    if (this.unused.length > 0) {
      this.source.release(this.unused.splice(0));
    }
  }

  private rowsOf(row: ParentRow, children: Children): readonly Row[] {
    const rows: Row[] = [
      ...children.found,
      ...children.rows.filter(({ node }) => !this.source.isHidden(node)),
    ];
    if (children.more && row.kind === 'object') {
      rows.push(this.moreRow(row, children));
    }
    if (children.note !== undefined) {
      rows.push(this.noteRow(row, 'info', children.note));
    }
    return rows;
  }

  private moreRow(parent: ObjectRow, children: Children): MoreRow {
    return {
      kind: 'more',
      id: `${parent.id}/more`,
      profileId: parent.profileId,
      parent,
      shown: children.rows.length,
      ...(children.total === undefined ? {} : { total: children.total }),
    };
  }

  private noteRow(parent: ParentRow, severity: NoteRow['severity'], message: string): NoteRow {
    return { kind: 'note', id: `${parent.id}/note`, profileId: parent.profileId, parent, severity, message };
  }

  private versionOf(profileId: string): number {
    return this.versions.get(profileId) ?? 0;
  }
}

function isAtOrUnder(id: string, ancestor: string): boolean {
  return id === ancestor || id.startsWith(`${ancestor}/`);
}

function isInside(row: ObjectRow, roots: ReadonlySet<Row>): boolean {
  let at: ParentRow = row;
  while (at.kind === 'object') {
    if (roots.has(at)) {
      return true;
    }
    at = at.parent;
  }
  return false;
}

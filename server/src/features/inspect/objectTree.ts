import type { ObjectChildrenParams } from '../../api/messages';
import type {
  ConnectionState,
  Handle,
  ObjectDetails,
  ObjectNode,
  ObjectPage,
  ObjectPath,
} from '../../api/model';
import { type Disposable, type Logger, type Netref, isNetref, release, toDisposable } from '../../rpyc/index';
import type { Lease, LeasePurpose } from '../pool/lease';
import { WireLedger } from '../pool/wireLedger';
import { ProblemCode, ProblemError, badAnswer, notConnected, staleHandle } from '../problem';
import { Failures } from '../run/failures';
import { AccessPolicy } from './accessPolicy';
import { AgentChanger } from './agentChanger';
import { AgentDocuments } from './agentDocuments';
import { AgentSource, type SourceReleases } from './agentSource';
import {
  DEFAULT_HANDLE_LIMITS,
  type Entry,
  type HandleLimits,
  HandleTable,
  type Held,
  type RootName,
  ownerOf,
  pathOf,
  rootFacts,
} from './handleTable';
import { ReferenceList } from './heldReferences';
import type { ObjectChanger } from './objectChanger';
import { ObjectChanges } from './objectChanges';
import { PeerReleases } from './peerReleases';
import { TextLimit, multiLine, singleLine } from './preview';
import { type DocumentSource, RowDocuments } from './rowDocuments';
import { type RowFacts, ShapeError } from './rows';
import { ServiceChanger } from './serviceChanger';
import type { RunsInProgress } from '../run/runsInProgress';
import { ServiceDocuments } from './serviceDocuments';
import { ServiceResults } from './serviceResults';
import { ServiceSource } from './serviceSource';
import { ServiceWatch } from './serviceWatch';
import type { ObjectSource, PartFacts } from './source';
import { goneError, rowLimitNote } from './treeProblems';
import { raisedProblem } from './readingFailure';
import { Watching } from './watching';

export interface ObjectTreeOptions {
  /** Names this start of the process; handles of another one are stale. */
  readonly epoch: string;
  readonly lend: (profileId: string, purpose: LeasePurpose, signal?: AbortSignal) => Promise<Lease>;
  readonly state: (profileId: string) => ConnectionState;
  /** What the user calls the connection. */
  readonly label: (profileId: string) => string;
  readonly logger: Logger;
  /** Calls go in here, so that they can be interrupted. */
  readonly runs: RunsInProgress;
  /** That of the pool. */
  readonly ledger?: WireLedger;
  /** Takes what reading, changes and calls raise. */
  readonly failures?: Failures;
  readonly limits?: HandleLimits;
}

const DEFAULT_PAGE = 100;
const MAX_PAGE = 500;
/** Longest text that is given for copying. */
const MAX_TEXT = 10_000_000;
const MAX_FILTER = 200;
const MAX_PATH = 200;

/**
 * The remote objects of all connections as rows: in pages, by handle, without evaluating anything that was not asked
 * for. Rows hold nothing on the peer until they are expanded or read.
 */
export class ObjectTree {
  /** Changes of what the rows show. */
  readonly changes: ObjectChanges;
  /** What rows become outside of the tree. */
  readonly documents: RowDocuments;
  /** What is read by path, again and again. */
  readonly watching: Watching;
  /** What is held on the peers. */
  readonly references: ReferenceList;
  private readonly table: HandleTable;
  private readonly limits: HandleLimits;
  private readonly failures: Failures;
  private readonly releases: PeerReleases;
  /** Connections on which a call gave something. */
  private readonly withResults = new Set<string>();
  /** What calls to services gave; on classic peers it is kept there. */
  private readonly results = new Map<string, ServiceResults>();
  /** Who keeps references beside the rows. */
  private readonly keepers = new Set<(netref: Netref) => boolean>();
  /** What services let their clients reach, as far as answers have told. */
  private readonly policies = new Map<string, AccessPolicy>();

  constructor(private readonly options: ObjectTreeOptions) {
    const limits = options.limits ?? DEFAULT_HANDLE_LIMITS;
    this.table = new HandleTable(
      options.epoch,
      limits,
      (entry, held) => this.letGo(entry, held),
      (entry) => this.changes.close(entry),
      (profileId) => this.references.noteChange(profileId),
    );
    this.limits = limits;
    this.failures = options.failures ?? new Failures();
    const { costs, connections } = options.ledger ?? new WireLedger();
    this.releases = new PeerReleases({ ...options, apart: (work) => costs.apart(work) });
    this.documents = new RowDocuments({
      table: this.table,
      borrow: (entry, signal, use) =>
        this.borrow(entry, signal, (lease) => use(this.documentsOf(lease, signal))),
    });
    this.watching = new Watching({
      borrow: (profileId, signal, use) => this.lendTo(profileId, signal, use),
      serviceWatch: (lease, evaluate) => this.serviceWatch(lease, evaluate),
      label: options.label,
    });
    this.changes = new ObjectChanges({
      table: this.table,
      lend: options.lend,
      label: options.label,
      runs: options.runs,
      failures: this.failures,
      changerOf: (lease) => this.changerOf(lease),
      letGo: (profileId, generation, number) => this.releases.add(profileId, generation, [number]),
      showResult: (profileId, facts) => this.showResult(profileId, facts),
      onDidChangeHeld: (profileId) => this.references.noteChange(profileId),
    });
    this.references = new ReferenceList({
      epoch: options.epoch,
      table: this.table,
      history: this.changes.history,
      connections,
      results: (profileId) => this.results.get(profileId),
    });
  }

  /** The profile that a handle belongs to, while the handle is good. */
  profileOf(handle: Handle): string | undefined {
    return this.table.profileOf(handle);
  }

  /** @throws ProblemError `ERR_STALE` where the row is gone */
  entryOf(handle: Handle): Entry {
    return this.table.find(handle);
  }

  /** A number of the helper's on the connection of this row is not needed any more. */
  letGoOf({ profileId, generation }: Entry, number: number): void {
    this.releases.add(profileId, generation, [number]);
  }

  /** What a handle stands for, while it is good: the expression or name of the row, and the way there. */
  subjectOf(handle: Handle): { readonly target: string; readonly path: ObjectPath } | undefined {
    const entry = this.table.peek(handle);
    return entry && { target: entry.expression ?? entry.facts.name, path: pathOf(entry) };
  }

  /**
   * The rows directly under a connection. Asks the peer nothing.
   *
   * @throws ProblemError where it is not connected
   */
  roots(profileId: string): readonly ObjectNode[] {
    return this.rootNames(profileId).map((name) => this.table.nodeOf(this.addRoot(profileId, name)));
  }

  /**
   * A row for an object that stands nowhere in the tree, such as the value of what was typed in a console. It is held
   * as long as the row is open.
   */
  adopt(
    { profileId, generation }: { readonly profileId: string; readonly generation: number },
    { facts, held }: PartFacts,
    expression?: string,
  ): ObjectNode {
    const placed: RowFacts = { ...facts, step: { kind: 'root', name: 'console' } };
    const entry = this.table.addRoot(profileId, generation, 'console', placed, expression);
    if (held !== undefined) {
      this.table.hold(entry, held);
    }
    return this.table.nodeOf(entry);
  }

  /** What is known of a service's policy. */
  policyOf(profileId: string): AccessPolicy {
    let policy = this.policies.get(profileId);
    if (policy === undefined) {
      policy = new AccessPolicy(this.options.state(profileId).peer ?? { dialect: 'A' });
      this.policies.set(profileId, policy);
    }
    return policy;
  }

  /** References for which this is true are not given back with their rows. */
  keepHeld(keeper: (netref: Netref) => boolean): Disposable {
    this.keepers.add(keeper);
    return toDisposable(() => this.keepers.delete(keeper));
  }

  /** Whether a row, a result or somebody who keeps it needs this reference. */
  isHeld(profileId: string, netref: Netref): boolean {
    return (
      this.table.holds(profileId, netref) ||
      this.results.get(profileId)?.holds(netref) === true ||
      [...this.keepers].some((keeps) => keeps(netref))
    );
  }

  /** One page of a row's parts. One round trip on classic peers, up to two on services. */
  async children(params: ObjectChildrenParams, signal?: AbortSignal): Promise<ObjectPage> {
    const entry = this.table.find(params.handle);
    const owner = ownerOf(entry);
    const offset = count(params.offset, Number.MAX_SAFE_INTEGER, 0);
    const limit = Math.max(count(params.limit, MAX_PAGE, DEFAULT_PAGE), 1);
    const filter = (params.filter ?? '').slice(0, MAX_FILTER);
    try {
      return await this.with(entry, signal, async (source) => {
        const query = { offset, limit, filter, groups: params.groups === true };
        const { parts, held, total, more, note } = await source.page(entry, query);
        if (held !== undefined) {
          this.table.hold(owner, held);
        }
        const nodes = parts.map((part) => {
          const row = this.table.addPart(owner, part.facts);
          if (part.held !== undefined) {
            this.table.hold(row, part.held, 'listed');
          }
          return this.table.nodeOf(row);
        });
        const shown = this.table.takeEvicted() ? rowLimitNote(this.limits.rows) : note;
        return {
          nodes,
          offset,
          more,
          ...(total === undefined ? {} : { total }),
          ...(shown === undefined ? {} : { note: shown }),
        };
      });
    } catch (error) {
      if (error instanceof ProblemError && error.problem.code === ProblemCode.busy) {
        return { nodes: [], offset, more: false, note: error.problem.message };
      }
      throw error;
    }
  }

  /**
   * The row at the end of a path, with a new handle. One round trip, none for a root.
   *
   * @throws ProblemError `ERR_GONE` where the path leads nowhere any more
   */
  async resolve(profileId: string, path: ObjectPath, signal?: AbortSignal): Promise<ObjectNode> {
    const [first] = path;
    if (first?.kind !== 'root' || path.length > MAX_PATH) {
      throw goneError('The path does not begin with a root, or is too long');
    }
    if (!this.rootNames(profileId).includes(first.name)) {
      throw goneError(`The connection has no ${first.name}`);
    }
    const root = this.addRoot(profileId, first.name);
    if (path.length === 1) {
      return this.table.nodeOf(root);
    }
    try {
      return await this.with(root, signal, async (source) => {
        const facts = await source.resolve(path);
        const way = facts.slice(0, -1).reduce((parent, step) => this.table.passBy(parent, step), root);
        const last = facts.at(-1);
        if (last === undefined) {
          throw goneError('The path leads nowhere');
        }
        return this.table.nodeOf(this.table.addPart(way, last));
      });
    } finally {
      this.table.release([{ epoch: this.options.epoch, id: root.id }]);
    }
  }

  /** What a hover shows. Evaluates nothing. */
  async describe(handle: Handle, signal?: AbortSignal): Promise<ObjectDetails> {
    const entry = this.table.find(handle);
    return this.with(entry, signal, (source) => source.describe(entry));
  }

  /**
   * Evaluates a row: reads a property, or a data attribute of a service. The row keeps its handle.
   *
   * @param anyway also where the peer is expected to refuse
   * @throws ProblemError `ERR_POLICY` where the peer refuses, or is expected to and was not to be asked `anyway`
   */
  async read(handle: Handle, signal?: AbortSignal, anyway = false): Promise<ObjectNode> {
    const entry = this.table.find(handle);
    return this.with(entry, signal, async (source) => {
      const { facts, held } = await source.read(entry, anyway);
      this.table.replace(entry, facts, held);
      return this.table.nodeOf(entry);
    });
  }

  /** The whole text of a value, as Python writes it, at most `limit` characters. Runs the object's `__repr__`. */
  async text(
    handle: Handle,
    limit: number,
    signal?: AbortSignal,
  ): Promise<{ readonly text: string; readonly truncated: boolean }> {
    const entry = this.table.find(handle);
    const most = count(limit, MAX_TEXT, MAX_TEXT);
    return this.with(entry, signal, async (source) => {
      const { text, truncated } = await source.text(entry, most);
      // Escapes that are put in may make the text longer than was asked for.
      return { text: multiLine(text, most), truncated };
    });
  }

  /** These rows are closed: what they hold goes, in one message. */
  release(handles: readonly Handle[]): void {
    this.table.release(handles);
  }

  /** The connection is gone, and with it everything that was held there. */
  forget(profileId: string): void {
    this.releases.forget(profileId);
    this.changes.forget(profileId);
    this.results.delete(profileId);
    this.policies.delete(profileId);
    this.withResults.delete(profileId);
    this.table.forget(profileId);
  }

  /** Objects that rows of this connection hold on the peer. */
  heldCount(profileId: string): number {
    return this.table.heldCount(profileId);
  }

  private rootNames(profileId: string): readonly RootName[] {
    const { status, peer } = this.options.state(profileId);
    if (status !== 'connected' || peer === undefined) {
      throw new ProblemError(notConnected(this.options.label(profileId)));
    }
    const names: readonly RootName[] = peer.service === 'classic' ? CLASSIC_ROOTS : ['service'];
    return this.withResults.has(profileId) ? [...names, 'results'] : names;
  }

  private addRoot(profileId: string, name: RootName): Entry {
    const { generation, peer } = this.options.state(profileId);
    const typeName = singleLine(peer?.rootType ?? '', TextLimit.type);
    return this.table.addRoot(profileId, generation, name, ROOT_ROWS[name](typeName));
  }

  /** Borrows the connection that an entry belongs to, for as long as `use` takes. */
  private with<T>(
    entry: Entry,
    signal: AbortSignal | undefined,
    use: (source: ObjectSource) => Promise<T>,
  ): Promise<T> {
    return this.borrow(entry, signal, (lease) => use(this.sourceOf(lease, signal)));
  }

  /** Borrows the connection of a row. @throws ProblemError where it is another one by now */
  borrow<T>(
    { profileId, generation }: Entry,
    signal: AbortSignal | undefined,
    use: (lease: Lease) => Promise<T>,
  ): Promise<T> {
    return this.lendTo(profileId, signal, (lease) => {
      if (lease.generation !== generation) {
        this.forget(profileId);
        throw new ProblemError(staleHandle());
      }
      return use(lease);
    });
  }

  private async lendTo<T>(
    profileId: string,
    signal: AbortSignal | undefined,
    use: (lease: Lease) => Promise<T>,
  ): Promise<T> {
    const lease = await this.options.lend(profileId, 'explore', signal);
    try {
      return await use(lease);
    } catch (error) {
      if (error instanceof ShapeError) {
        throw new ProblemError(badAnswer(this.options.label(profileId), error.message), { cause: error });
      }
      throw raisedProblem(error, lease, this.options.label(profileId), this.failures);
    } finally {
      lease.dispose();
    }
  }

  private sourceOf(lease: Lease, signal: AbortSignal | undefined): ObjectSource {
    const { agent, profileId, generation } = lease;
    if (agent === undefined) {
      return this.serviceSource(lease, this.results.get(profileId) ?? new ServiceResults(), signal);
    }
    const releases: SourceReleases = {
      take: () => this.releases.take(profileId, generation),
      putBack: (numbers) => this.releases.putBack(profileId, generation, numbers),
      add: (number) => this.releases.add(profileId, generation, [number]),
    };
    return new AgentSource(agent, releases, signal);
  }

  private serviceWatch(lease: Lease, evaluate: boolean): ServiceWatch {
    const { connection, profileId } = lease;
    const results = this.results.get(profileId) ?? new ServiceResults();
    return new ServiceWatch({
      source: this.serviceSource(lease, results, undefined, null),
      root: async () => (await connection.root) as Netref,
      results,
      isShown: (netref) => this.isHeld(profileId, netref) || results.holds(netref),
      evaluate,
    });
  }

  private serviceSource(
    { connection, profileId }: Lease,
    results: ServiceResults,
    signal: AbortSignal | undefined,
    timeoutSeconds?: null,
  ): ServiceSource {
    const label = this.options.label(profileId);
    const policy = this.policyOf(profileId);
    const limit = timeoutSeconds === undefined ? {} : { timeoutSeconds };
    return new ServiceSource({ connection, results, policy, label, signal, ...limit });
  }

  private documentsOf(lease: Lease, signal: AbortSignal | undefined): DocumentSource {
    const { agent, profileId } = lease;
    if (agent !== undefined) {
      return new AgentDocuments(agent, signal);
    }
    const results = this.results.get(profileId) ?? new ServiceResults();
    const source = this.serviceSource(lease, results, signal);
    return new ServiceDocuments(source, this.options.label(profileId));
  }

  private changerOf(lease: Lease): ObjectChanger {
    const { agent, connection, profileId } = lease;
    if (agent !== undefined) {
      return new AgentChanger(agent);
    }
    const results = this.results.get(profileId) ?? new ServiceResults();
    const source = this.serviceSource(lease, results, undefined);
    this.results.set(profileId, results);
    return new ServiceChanger(connection, source, results, this.options.label(profileId));
  }

  /** A new row under Results. */
  showResult(profileId: string, facts: RowFacts): ObjectNode {
    this.withResults.add(profileId);
    const root = this.addRoot(profileId, 'results');
    try {
      return this.table.nodeOf(this.table.addPart(root, facts));
    } finally {
      this.table.release([{ epoch: this.options.epoch, id: root.id }]);
    }
  }

  private letGo({ profileId, generation }: Entry, held: Held): void {
    const netrefs = held.kind === 'value' ? held.items : held.kind === 'netref' ? [held.netref] : [];
    for (const netref of netrefs.filter(isNetref)) {
      if (!this.isHeld(profileId, netref)) {
        void release(netref);
      }
    }
    if (held.kind === 'number') {
      this.releases.add(profileId, generation, [held.number]);
    }
  }
}

const CLASSIC_ROOTS: readonly RootName[] = ['namespace', 'modules', 'builtins', 'threads', 'service'];

const ROOT_ROWS: Readonly<Record<RootName, (rootType: string) => ReturnType<typeof rootFacts>>> = {
  namespace: () => rootFacts('namespace', 'namespace', { name: 'Namespace', typeName: '', value: '' }),
  modules: () => rootFacts('modules', 'modules', { name: 'Modules', typeName: '', value: 'sys.modules' }),
  builtins: () => rootFacts('builtins', 'builtins', { name: 'Builtins', typeName: '', value: '' }),
  threads: () => rootFacts('threads', 'threads', { name: 'Threads', typeName: '', value: '' }),
  service: (rootType) =>
    rootFacts('service', 'service', { name: 'Root service', typeName: rootType, value: '' }),
  results: () => rootFacts('results', 'results', { name: 'Results', typeName: '', value: '' }),
  console: () => rootFacts('console', 'namespace', { name: 'Console', typeName: '', value: '' }),
};

/** A whole number between 0 and `most`, whatever was sent. */
function count(value: unknown, most: number, otherwise: number): number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0
    ? Math.min(value, most)
    : otherwise;
}

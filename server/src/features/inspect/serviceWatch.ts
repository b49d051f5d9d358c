/**
 * Reads what is watched on a strict service: names from DIR, kinds from INSPECT, and of the attributes only those that
 * the policy is expected to give.
 */
import type { ObjectPath, PathStep } from '../../api/model';
import type { WatchAnswer } from '../../api/watch';
import { FrozenSet, type Netref, RemoteError, isNetref, release } from '../../rpyc/index';
import { oneLine } from '../problemText';
import { valueFacts } from './remoteRows';
import { itemPart } from './serviceItems';
import type { ServiceResults } from './serviceResults';
import type { Members, ServiceSource } from './serviceSource';
import type { PartFacts } from './source';
import { goneError, notRunError, raisedError } from './treeProblems';
import { answerOf } from './watchAnswers';

export interface ServiceWatchParts {
  /** Waits without limit: who waits has a limit of their own. */
  readonly source: ServiceSource;
  readonly root: () => Promise<Netref>;
  readonly results: ServiceResults;
  /** Whether a row of the tree shows this reference, so that it is not to be given back. */
  readonly isShown: (netref: Netref) => boolean;
  /** Whether attributes are read: each may be a property. */
  readonly evaluate: boolean;
}

/** One reading of all paths. What they have in common is asked for once, and whatever came is given back at the end. */
export class ServiceWatch {
  private readonly places = new Map<string, Promise<PartFacts>>();
  private readonly members = new Map<Netref, Promise<Members>>();
  private readonly met = new Set<Netref>();

  constructor(private readonly parts: ServiceWatchParts) {}

  async read(paths: readonly ObjectPath[]): Promise<readonly WatchAnswer[]> {
    const root = await this.parts.root();
    try {
      const answers = paths.map((path) => answerOf(async () => (await this.at(path, true)).facts));
      // All of them, so that none still asks when what they have met is given back.
      await Promise.allSettled(answers);
      return await Promise.all(answers);
    } finally {
      for (const netref of this.met) {
        if (netref !== root && !this.parts.isShown(netref)) {
          void release(netref);
        }
      }
    }
  }

  /** The object that a path leads to. @param isEnd a method is not asked for where nothing is wanted of it */
  private at(path: ObjectPath, isEnd: boolean): Promise<PartFacts> {
    const key = `${isEnd} ${JSON.stringify(path)}`;
    let place = this.places.get(key);
    if (place === undefined) {
      place = this.find(path, isEnd);
      this.places.set(key, place);
    }
    return place;
  }

  private async find(path: ObjectPath, isEnd: boolean): Promise<PartFacts> {
    const step = path.at(-1);
    const [root, ...rest] = path;
    if (step === undefined || root?.kind !== 'root') {
      throw goneError('A path begins with a root');
    }
    if (root.name === 'results' && rest.length === 1 && step.kind === 'attr') {
      return this.result(step.name);
    }
    if (root.name === 'service' && rest.length === 0) {
      return valueFacts(step, '', await this.parts.root());
    }
    if (rest.length === 0) {
      throw goneError(`A service has no ${root.name}`);
    }
    const part = await this.partOf(await this.at(path.slice(0, -1), false), step, path.length === 2, isEnd);
    this.collect(part);
    return part;
  }

  private result(name: string): PartFacts {
    if (!this.parts.results.has(name)) {
      throw goneError('The result is not kept any more');
    }
    return valueFacts({ kind: 'attr', name }, name, this.parts.results.get(name));
  }

  private async partOf(
    { facts, held }: PartFacts,
    step: PathStep,
    ofService: boolean,
    isEnd: boolean,
  ): Promise<PartFacts> {
    const { source } = this.parts;
    if (held?.kind === 'value' && step.kind === 'index') {
      if (step.index >= held.items.length) {
        throw goneError(`${facts.name} has no item ${step.index} now`);
      }
      return itemPart(step.index, held.items[step.index]);
    }
    if (held?.kind !== 'netref') {
      throw goneError(`${facts.name} has nothing inside it now`);
    }
    const { netref } = held;
    if (step.kind !== 'attr') {
      return this.attempt(() => source.itemAt(netref, step));
    }
    const members = await this.membersOf(netref, ofService);
    if (!members.names.includes(step.name)) {
      throw goneError(`${facts.name} has no ${step.name} now`);
    }
    const member = members.factsOf(step.name);
    if (isEnd && (member.kind === 'method' || member.blocked !== undefined)) {
      return { facts: member };
    }
    if (!this.parts.evaluate) {
      throw notRunError();
    }
    return this.attempt(() => source.readMember(member, netref));
  }

  private membersOf(netref: Netref, ofService: boolean): Promise<Members> {
    let members = this.members.get(netref);
    if (members === undefined) {
      members = this.parts.source.membersOf(netref, ofService);
      this.members.set(netref, members);
    }
    return members;
  }

  /** What code of the service raises is told of its path. */
  private async attempt(ask: () => Promise<PartFacts>): Promise<PartFacts> {
    try {
      return await ask();
    } catch (error) {
      throw error instanceof RemoteError ? raisedError(oneLine(error.message)) : error;
    }
  }

  private collect({ held }: PartFacts): void {
    if (held?.kind === 'netref') {
      this.met.add(held.netref);
    } else if (held?.kind === 'value') {
      this.collectFrom(held.items);
    }
  }

  private collectFrom(items: readonly unknown[]): void {
    for (const item of items) {
      if (isNetref(item)) {
        this.met.add(item);
      } else if (item instanceof FrozenSet) {
        this.collectFrom([...item]);
      } else if (Array.isArray(item)) {
        this.collectFrom(item);
      }
    }
  }
}

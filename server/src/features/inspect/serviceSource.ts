import type { ObjectDetails, PathStep } from '../../api/model';
import {
  type BrineValue,
  type Connection,
  Handler,
  type Netref,
  type RequestOptions,
  dir,
  inspectMethods,
  isNetref,
  repr,
} from '../../rpyc/index';
import { ProblemError, staleHandle } from '../problem';
import type { AccessPolicy } from './accessPolicy';
import { type Entry, ownerOf } from './handleTable';
import { TextLimit, multiLine, singleLine, valueText } from './preview';
import {
  memberFacts,
  memberNames,
  memberTitle,
  splitDocumentation,
  typeNameOf,
  valueFacts,
} from './remoteRows';
import { NO_ACCESS, type RowFacts } from './rows';
import { ServiceItems, hasItems, itemPart, withAccess } from './serviceItems';
import { type GroupableNames, groupRows, namesOf } from './serviceGroups';
import type { ServiceResults } from './serviceResults';
import type { ObjectSource, PageQuery, PartFacts, SourcePage, SourceText } from './source';
import {
  blockedError,
  generatorNote,
  goneError,
  longNamesNote,
  nameLimitNote,
  unreadError,
} from './treeProblems';

/** How long the service may take to answer a question about its objects. */
const QUESTION_SECONDS = 30;

/** Names of one object that are taken in. */
const MAX_NAMES = 20_000;

/** Characters of one name: it travels to the editor as it is, since only so it leads back to its object. */
const MAX_NAME = 1000;

/** What gives its items only once. */
const GENERATORS: ReadonlySet<string> = new Set(['generator', 'async_generator', 'coroutine']);

const NO_NAMES: ReadonlySet<string> = new Set();

/** What an object has, as far as can be told without reading. */
export interface Members extends GroupableNames {
  readonly factsOf: (name: string) => RowFacts;
  readonly note?: string;
}

export interface ServiceSourceParts {
  readonly connection: Connection;
  /** What calls gave. */
  readonly results: ServiceResults;
  /** What is known of the service's policy. */
  readonly policy: AccessPolicy;
  /** What the user calls the connection. */
  readonly label: string;
  readonly signal: AbortSignal | undefined;
  /** How long an answer may take, where it is not as long as that of any other question. `null` waits for ever. */
  readonly timeoutSeconds?: number | null;
}

/**
 * Looks at the objects of a strict service, where no helper can run: by DIR and INSPECT, which no policy refuses and
 * which run nothing but `__dir__`. Values are read on request only, by GETATTR under the service's policy, and never
 * where that is expected to refuse.
 */
export class ServiceSource implements ObjectSource {
  private readonly connection: Connection;
  private readonly results: ServiceResults;
  private readonly policy: AccessPolicy;
  private readonly label: string;
  private readonly options: RequestOptions;
  private readonly items: ServiceItems;

  constructor({ connection, results, policy, label, signal, timeoutSeconds }: ServiceSourceParts) {
    this.connection = connection;
    this.results = results;
    this.policy = policy;
    this.label = label;
    const limit = timeoutSeconds === undefined ? QUESTION_SECONDS : timeoutSeconds;
    this.options = { timeoutSeconds: limit, ...(signal === undefined ? {} : { signal }) };
    this.items = new ServiceItems(connection, this.options);
  }

  async page(entry: Entry, query: PageQuery): Promise<SourcePage> {
    if (entry.held?.kind === 'value') {
      const { items } = entry.held;
      return pageOf([...items.keys()], query, String, (index) => itemPart(index, items[index]));
    }
    if (isResults(entry)) {
      return pageOf(this.results.names, query, String, (name) => this.resultPart(name));
    }
    const owner = ownerOf(entry);
    const object = await this.objectOf(owner);
    const isService = owner.step.kind === 'root' && !isConsole(owner);
    if (!isService && hasItems(object)) {
      return this.items.page(object, query);
    }
    const members = await this.membersOf(object, isService);
    const page = pageOf(keysOf(entry, members, query), query, titleOf, (key) => ({
      facts: typeof key === 'string' ? members.factsOf(key) : key,
    }));
    return members.note === undefined ? page : { ...page, note: members.note };
  }

  /** Names, methods and policy of one object. Both requests leave together: one round trip. */
  async membersOf(object: Netref, ofService: boolean): Promise<Members> {
    const [listed, methods] = await Promise.all([
      dir(object, this.options),
      inspectMethods(object, this.options),
    ]);
    const taken = listed.slice(0, MAX_NAMES);
    const subject = { typeName: typeNameOf(object), names: new Set(taken) };
    const names = memberNames(taken).filter((name) => name.length <= MAX_NAME);
    const tooLong = taken.length - taken.filter((name) => name.length <= MAX_NAME).length;
    return {
      names,
      isMethod: (name) => methods.has(name),
      keepsMethods: ofService || subject.typeName === 'module',
      factsOf: (name) =>
        memberFacts(name, {
          isMethod: methods.has(name),
          documentation: methods.get(name) ?? null,
          obstacle: this.policy.obstacleTo(subject, name),
          ofService,
        }),
      ...(GENERATORS.has(subject.typeName)
        ? { note: generatorNote() }
        : listed.length > MAX_NAMES
          ? { note: nameLimitNote(MAX_NAMES) }
          : tooLong > 0
            ? { note: longNamesNote(tooLong, MAX_NAME) }
            : {}),
    };
  }

  async resolve(path: readonly PathStep[]): Promise<readonly RowFacts[]> {
    const [from, step, ...deeper] = path;
    if (from?.kind === 'root' && from.name === 'results' && step?.kind === 'attr' && deeper.length === 0) {
      if (!this.results.has(step.name)) {
        throw goneError('The result is not kept any more');
      }
      return [this.resultPart(step.name).facts];
    }
    if (deeper.length > 0) {
      // What is inside a value was seen because the user had it read.
      throw unreadError('The values of a service are read on request');
    }
    const root = (await this.connection.root) as Netref;
    const members = await this.membersOf(root, true);
    const group = groupRows(members).find(
      (row) => step?.kind === 'group' && row.step.kind === 'group' && row.step.group === step.group,
    );
    if (group !== undefined) {
      return [group];
    }
    if (step?.kind !== 'attr' || !members.names.includes(step.name)) {
      throw goneError('The service has no such name');
    }
    return [members.factsOf(step.name)];
  }

  async describe(entry: Entry): Promise<ObjectDetails> {
    const { facts, step, parent } = entry;
    const { typeName, length } = facts;
    const shown = { typeName, ...(length === undefined ? {} : { length }) };
    if (step.kind !== 'attr' || parent === undefined || facts.unread || isResults(parent)) {
      return facts.value === '' || facts.unread ? shown : { ...shown, value: facts.value };
    }
    const owner = await this.objectOf(parent);
    const methods = await inspectMethods(owner, this.options);
    const { signature, documentation } = splitDocumentation(step.name, methods.get(step.name) ?? '');
    return {
      ...shown,
      ...(signature === undefined ? {} : { signature: singleLine(signature, TextLimit.hover) }),
      ...(documentation !== ''
        ? { documentation: multiLine(documentation, TextLimit.documentation) }
        : signature === undefined && facts.blocked === undefined && facts.value !== ''
          ? { value: facts.value }
          : {}),
    };
  }

  async read(entry: Entry, anyway = false): Promise<PartFacts> {
    const { step, parent, facts } = entry;
    if (parent === undefined || step.kind !== 'attr' || isResults(parent)) {
      return { facts };
    }
    return this.readMember(facts, await this.objectOf(parent), anyway);
  }

  /** Reads an attribute of an object. @throws as `ObjectTree.read` */
  async readMember(facts: RowFacts, owner: Netref, anyway = false): Promise<PartFacts> {
    const { step, access } = facts;
    if (step.kind !== 'attr') {
      return { facts };
    }
    const part = valueFacts(step, facts.name, await this.attribute({ facts }, owner, step.name, anyway));
    const { editable, deletable } = access ?? NO_ACCESS;
    return withAccess(part, { editable, deletable });
  }

  /** The item of a container that a step leads to. @throws ProblemError `ERR_GONE` where there is none */
  itemAt(object: Netref, step: PathStep): Promise<PartFacts> {
    return this.items.at(object, step);
  }

  async text(entry: Entry, limit: number): Promise<SourceText> {
    const { held, step, parent } = entry;
    const result = this.resultOf(entry);
    if (result !== undefined) {
      return this.textOf(result, limit);
    }
    if (held?.kind === 'netref') {
      return bounded(await repr(held.netref, this.options), limit);
    }
    if (held?.kind === 'value') {
      return bounded(valueText(held.items as BrineValue, limit + 1), limit);
    }
    if (parent === undefined && isConsole(entry)) {
      return bounded(entry.facts.value, limit);
    }
    if (parent === undefined) {
      return bounded(await repr(await this.objectOf(entry), this.options), limit);
    }
    if (step.kind !== 'attr') {
      return bounded(entry.facts.value, limit);
    }
    return this.textOf(await this.attribute(entry, await this.objectOf(parent), step.name, false), limit);
  }

  /** The value of a row, or a reference to it. Reads it where it was not read. */
  async valueOf(entry: Entry): Promise<unknown> {
    const { held, step, parent } = entry;
    const result = this.resultOf(entry);
    if (result !== undefined) {
      return result;
    }
    if (held !== undefined && held.kind !== 'number') {
      return held.kind === 'netref' ? held.netref : held.items;
    }
    if (parent?.held?.kind === 'value' && step.kind === 'index') {
      return parent.held.items[step.index];
    }
    return parent !== undefined && step.kind === 'attr'
      ? this.attribute(entry, await this.objectOf(parent), step.name, false)
      : this.objectOf(entry);
  }

  /** Reads an attribute, unless that would only be refused; what comes of it tells more about the policy. */
  private async attribute(
    { facts }: Pick<Entry, 'facts'>,
    owner: Netref,
    name: string,
    anyway: boolean,
  ): Promise<unknown> {
    if (facts.blocked !== undefined && !anyway) {
      throw blockedError(this.label, facts.name, facts.blocked);
    }
    const typeName = typeNameOf(owner);
    try {
      const value = await this.connection.request(Handler.getattr, [owner, name], this.options);
      this.policy.learnGiven(typeName, name);
      return value;
    } catch (error) {
      if (!this.policy.refuses(typeName, error)) {
        throw error;
      }
      this.policy.learnRefused(typeName, name);
      const rule = this.policy.obstacleTo({ typeName, names: NO_NAMES }, name)?.rule ?? '';
      throw blockedError(
        this.label,
        facts.name,
        facts.blocked ?? rule,
        singleLine(errorText(error), MAX_NAME),
      );
    }
  }

  private async textOf(value: unknown, limit: number): Promise<SourceText> {
    return bounded(
      isNetref(value) ? await repr(value, this.options) : valueText(value as BrineValue, limit + 1),
      limit,
    );
  }

  private resultOf({ parent, step }: Entry): unknown {
    const isResult = parent !== undefined && isResults(parent) && step.kind === 'attr';
    return isResult ? this.results.get(step.name) : undefined;
  }

  /** References stay with the results: closing the row must not end them. */
  private resultPart(name: string): PartFacts {
    const { facts, held } = valueFacts({ kind: 'attr', name }, name, this.results.get(name));
    const part = held?.kind === 'value' ? { facts, held } : { facts };
    return withAccess(part, { deletable: true });
  }

  /** The object of a row, where it is held, or is the root. */
  async objectOf(entry: Entry): Promise<Netref> {
    const result = this.resultOf(entry);
    if (isNetref(result)) {
      return result;
    }
    if (entry.held?.kind === 'netref') {
      return entry.held.netref;
    }
    if (entry.step.kind === 'root' && !isConsole(entry)) {
      return (await this.connection.root) as Netref;
    }
    if (entry.held === undefined && entry.open) {
      throw unreadError(`${typeNameFor(entry)} is not held`);
    }
    throw new ProblemError(staleHandle());
  }
}

function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A value that was typed for, and stands nowhere in the tree. */
function isConsole({ step }: Pick<Entry, 'step'>): boolean {
  return step.kind === 'root' && step.name === 'console';
}

function isResults({ step }: Entry): boolean {
  return step.kind === 'root' && step.name === 'results';
}

function typeNameFor({ facts }: Entry): string {
  return facts.typeName === '' ? facts.name : facts.typeName;
}

/** What a page of an object is made of: names, and rows that stand for some of them. */
function keysOf(
  { step }: Entry,
  members: Members,
  { groups = false, filter }: PageQuery,
): readonly (string | RowFacts)[] {
  if (step.kind === 'group') {
    return namesOf(members, step.group);
  }
  return groups && filter === '' ? [...namesOf(members, undefined), ...groupRows(members)] : members.names;
}

function titleOf(key: string | RowFacts): string {
  return typeof key === 'string' ? memberTitle(key) : key.name;
}

/** One page of what has these keys; only the rows of the page are made. */
function pageOf<Key>(
  keys: readonly Key[],
  { offset, limit, filter }: PageQuery,
  titleOf: (key: Key) => string,
  partOf: (key: Key) => PartFacts,
): SourcePage {
  const wanted = filter.toLowerCase();
  const matching = wanted === '' ? keys : keys.filter((key) => titleOf(key).toLowerCase().includes(wanted));
  return {
    parts: matching.slice(offset, offset + limit).map(partOf),
    total: matching.length,
    more: offset + limit < matching.length,
  };
}

function bounded(text: string, limit: number): SourceText {
  return { text: text.slice(0, limit), truncated: text.length > limit };
}

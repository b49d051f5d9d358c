import type { ObjectDetails, PathStep } from '../../api/model';
import {
  type BrineValue,
  type Connection,
  Handler,
  type Netref,
  type RequestOptions,
  Slice,
  dir,
  inspectMethods,
  isNetref,
  repr,
} from '../../rpyc/index';
import { ProblemError, staleHandle } from '../problem';
import type { Entry } from './handleTable';
import { TextLimit, multiLine, valueText } from './preview';
import { kindOf, memberFacts, memberNames, memberTitle, valueFacts } from './remoteRows';
import { type Access, NO_ACCESS, type RowFacts, asCount } from './rows';
import type { ServiceResults } from './serviceResults';
import type { ObjectSource, PageQuery, PartFacts, SourcePage, SourceText } from './source';
import { goneError, nameLimitNote, noPartsError, unreadError } from './treeProblems';

/** How long the service may take to answer a question about its objects. */
const QUESTION_SECONDS = 30;

/** Names of one object that are taken in. */
const MAX_NAMES = 20_000;

/**
 * Looks at the objects of a strict service, where no helper can run: by DIR and INSPECT, which no policy refuses and
 * which run nothing but `__dir__`. Values are read on request only, by GETATTR under the service's policy.
 */
export class ServiceSource implements ObjectSource {
  private readonly options: RequestOptions;

  constructor(
    private readonly connection: Connection,
    private readonly results: ServiceResults,
    signal: AbortSignal | undefined,
  ) {
    this.options = { timeoutSeconds: QUESTION_SECONDS, ...(signal === undefined ? {} : { signal }) };
  }

  async page(entry: Entry, query: PageQuery): Promise<SourcePage> {
    if (entry.held?.kind === 'value') {
      const { items } = entry.held;
      return pageOf([...items.keys()], query, itemTitle, (index) => itemPart(index, items[index]));
    }
    if (isResults(entry)) {
      return pageOf(this.results.names, query, String, (name) => this.resultPart(name));
    }
    const object = await this.objectOf(entry);
    const kind = entry.step.kind === 'root' ? 'service' : kindOf(object);
    if ((kind === 'list' || kind === 'tuple') && query.filter === '') {
      return this.sequencePage(object, query);
    }
    // Both leave together: one round trip.
    const [names, methods] = await Promise.all([
      dir(object, this.options),
      inspectMethods(object, this.options),
    ]);
    const page = pageOf(memberNames(names.slice(0, MAX_NAMES)), query, memberTitle, (name) => ({
      facts: memberFacts(name, methods, kind === 'service'),
    }));
    return names.length > MAX_NAMES ? { ...page, note: nameLimitNote(MAX_NAMES) } : page;
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
    const [names, methods] = await Promise.all([dir(root, this.options), inspectMethods(root, this.options)]);
    if (step?.kind !== 'attr' || !memberNames(names.slice(0, MAX_NAMES)).includes(step.name)) {
      throw goneError('The service has no such name');
    }
    return [memberFacts(step.name, methods, true)];
  }

  async describe(entry: Entry): Promise<ObjectDetails> {
    const { facts, step, parent } = entry;
    const { typeName, length } = facts;
    const shown = { typeName, ...(length === undefined ? {} : { length }) };
    if (step.kind !== 'attr' || parent === undefined || facts.unread || isResults(parent)) {
      return facts.value === '' ? shown : { ...shown, value: facts.value };
    }
    const owner = await this.objectOf(parent);
    const methods = await inspectMethods(owner, this.options);
    const documentation = methods.get(step.name) ?? '';
    return {
      ...shown,
      ...(documentation === ''
        ? { value: facts.value }
        : { documentation: multiLine(documentation, TextLimit.documentation) }),
    };
  }

  async read(entry: Entry): Promise<PartFacts> {
    const { step, parent, facts } = entry;
    if (parent === undefined || step.kind !== 'attr' || isResults(parent)) {
      return { facts };
    }
    const owner = await this.objectOf(parent);
    const value = await this.connection.request(Handler.getattr, [owner, step.name], this.options);
    const part = valueFacts(step, facts.name, value);
    const { editable, deletable } = facts.access ?? NO_ACCESS;
    return withAccess(part, { editable, deletable });
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
    if (parent === undefined) {
      return bounded(await repr(await this.objectOf(entry), this.options), limit);
    }
    if (step.kind !== 'attr') {
      return bounded(entry.facts.value, limit);
    }
    const owner = await this.objectOf(parent);
    const value = await this.connection.request(Handler.getattr, [owner, step.name], this.options);
    return this.textOf(value, limit);
  }

  private async textOf(value: unknown, limit: number): Promise<SourceText> {
    return bounded(
      isNetref(value) ? await repr(value, this.options) : valueText(value as BrineValue, limit + 1),
      limit,
    );
  }

  /** One slice of a list or tuple. The policy of a service lets `__len__`, `__getitem__` and `__iter__` through. */
  private async sequencePage(object: Netref, { offset, limit }: PageQuery): Promise<SourcePage> {
    const call = (name: string, args: readonly unknown[]): Promise<unknown> =>
      this.connection.request(Handler.callattr, [object, name, args, []], this.options);
    const [length, slice] = await Promise.all([
      call('__len__', []),
      call('__getitem__', [new Slice(offset, offset + limit)]),
    ]);
    const items = isNetref(slice)
      ? await this.connection.request(Handler.buffiter, [slice, limit], this.options)
      : slice;
    if (!Array.isArray(items)) {
      throw noPartsError();
    }
    const total = asCount(length, 'length');
    // The policy of a service lets `__setitem__` and `__delitem__` through, too.
    const access = kindOf(object) === 'list' ? { editable: true, deletable: true } : {};
    return {
      parts: (items as unknown[])
        .slice(0, limit)
        .map((item, position) => withAccess(itemPart(offset + position, item), access)),
      total,
      more: offset + limit < total,
    };
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
    if (entry.step.kind === 'root') {
      return (await this.connection.root) as Netref;
    }
    if (entry.held === undefined && entry.open) {
      throw unreadError(`${typeNameFor(entry)} is not held`);
    }
    throw new ProblemError(staleHandle());
  }
}

function isResults({ step }: Entry): boolean {
  return step.kind === 'root' && step.name === 'results';
}

function typeNameFor({ facts }: Entry): string {
  return facts.typeName === '' ? facts.name : facts.typeName;
}

function itemTitle(index: number): string {
  return `[${index}]`;
}

function itemPart(index: number, item: unknown): PartFacts {
  return valueFacts({ kind: 'index', index }, itemTitle(index), item);
}

function withAccess(part: PartFacts, access: Partial<Access>): PartFacts {
  return { ...part, facts: { ...part.facts, access: { ...(part.facts.access ?? NO_ACCESS), ...access } } };
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

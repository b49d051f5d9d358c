/**
 * The items of containers of a strict service, in pages. The policy lets `__len__`, `__getitem__` and `__iter__`
 * through by default, and does not ask about BUFFITER, so that nothing of this is refused.
 */
import type { PathStep } from '../../api/model';
import {
  type BrineValue,
  type Connection,
  Handler,
  type Netref,
  RemoteError,
  type RequestOptions,
  Slice,
  isNetref,
  release,
} from '../../rpyc/index';
import { readLiteral } from './literal';
import { TextLimit, singleLine, valueText } from './preview';
import { typeNameOf, valueFacts } from './remoteRows';
import { type Access, NO_ACCESS, asCount } from './rows';
import type { PageQuery, PartFacts, SourcePage } from './source';
import { goneError, itemLimitNote, noPartsError } from './treeProblems';

/** How the items of a container are come by: by position, one after the other, or by key. */
type Container = 'sequence' | 'iterable' | 'mapping';

/** Containers of Python's own; iterating over these runs no code of anybody's and uses nothing up. */
const CONTAINERS: ReadonlyMap<string, Container> = new Map([
  ['list', 'sequence'],
  ['tuple', 'sequence'],
  ['range', 'sequence'],
  ['xrange', 'iterable'],
  ['collections.deque', 'iterable'],
  ['set', 'iterable'],
  ['frozenset', 'iterable'],
  ['dict_keys', 'iterable'],
  ['dict_values', 'iterable'],
  ['dict_items', 'iterable'],
  ['odict_keys', 'iterable'],
  ['odict_values', 'iterable'],
  ['odict_items', 'iterable'],
  ['dict', 'mapping'],
  ['mappingproxy', 'mapping'],
  ['collections.OrderedDict', 'mapping'],
  ['collections.defaultdict', 'mapping'],
  ['collections.Counter', 'mapping'],
]);

/** Those whose items can be set and deleted by position or key. */
const CHANGEABLE: ReadonlySet<string> = new Set([
  'list',
  'collections.deque',
  'dict',
  'collections.OrderedDict',
  'collections.defaultdict',
  'collections.Counter',
]);

/** Items that are passed over, at most, to come to a page of what has no positions. */
const MAX_PASSED = 20_000;

/** Characters of the text that stands for a key in a path. */
const MAX_KEY_TEXT = 1000;

/** Whether a remote object is shown by its items. */
export function hasItems(object: Netref): boolean {
  return CONTAINERS.has(typeNameOf(object));
}

/** Looks into containers over one connection. */
export class ServiceItems {
  constructor(
    private readonly connection: Connection,
    private readonly options: RequestOptions,
  ) {}

  /**
   * One page. Two round trips at most, three before 4.0; of a mapping, whose values come by one request each that all
   * leave together, one more.
   */
  async page(object: Netref, query: PageQuery): Promise<SourcePage> {
    const container = CONTAINERS.get(typeNameOf(object));
    if (container === undefined) {
      throw noPartsError();
    }
    if (container === 'mapping') {
      return this.mappingPage(object, query);
    }
    if (query.filter !== '') {
      return this.searchPage(object, query);
    }
    const { offset, limit } = query;
    const [length, items] =
      container === 'sequence'
        ? await this.slice(object, offset, limit)
        : await this.passOver(object, offset, limit);
    const access = accessTo(object);
    return {
      parts: items.map((item, position) => withAccess(itemPart(offset + position, item), access)),
      ...extent(offset, limit, length, container),
    };
  }

  /** One item, by its position or its key. A key is looked for before its value is asked for. */
  async at(object: Netref, step: PathStep): Promise<PartFacts> {
    if (step.kind === 'index') {
      const { parts } = await this.page(object, { offset: step.index, limit: 1, filter: '' });
      return parts[0] ?? notThere(itemTitle(step.index));
    }
    if (step.kind !== 'key' || CONTAINERS.get(typeNameOf(object)) !== 'mapping') {
      throw noPartsError();
    }
    const key = readLiteral(step.text);
    if ((await this.call(object, '__contains__', [key])) !== true) {
      notThere(step.text);
    }
    return valueFacts(step, step.text, await this.call(object, '__getitem__', [key]));
  }

  /** Those of the first items whose names contain a text. */
  private async searchPage(object: Netref, { offset, limit, filter }: PageQuery): Promise<SourcePage> {
    const [, items] = await this.passOver(object, 0, MAX_PASSED);
    const found = [...items.keys()].filter((index) => itemTitle(index).includes(filter));
    const shown = new Set(found.slice(offset, offset + limit));
    letGo(items.filter((_item, index) => !shown.has(index)));
    const access = accessTo(object);
    return {
      parts: [...shown].map((index) => withAccess(itemPart(index, items[index]), access)),
      total: found.length,
      more: offset + limit < found.length,
    };
  }

  private async mappingPage(object: Netref, { offset, limit, filter }: PageQuery): Promise<SourcePage> {
    const wanted = filter.toLowerCase();
    const [length, listed] =
      wanted === '' ? await this.passOver(object, offset, limit) : await this.passOver(object, 0, MAX_PASSED);
    const numbered = listed.map((key, position) => ({
      key,
      index: wanted === '' ? offset + position : position,
      name: keyText(key, TextLimit.name),
    }));
    const matching = numbered.filter(({ name }) => name.toLowerCase().includes(wanted));
    const shown = wanted === '' ? matching : matching.slice(offset, offset + limit);
    // All leave together: one round trip.
    const parts = await Promise.all(
      shown.map(async ({ key, index, name }) => {
        const step = { kind: 'key', index, text: keyText(key, MAX_KEY_TEXT) } as const;
        const part = await this.valueOf(object, key, (value) => valueFacts(step, name, value));
        return isNetref(key) ? part : withKey(withAccess(part, accessTo(object)), key);
      }),
    );
    letGo(listed);
    return wanted === ''
      ? { parts, ...extent(offset, limit, length, 'mapping') }
      : { parts, total: matching.length, more: offset + limit < matching.length };
  }

  /** A key may be gone by the time that its value is asked for. */
  private async valueOf(
    object: Netref,
    key: unknown,
    partOf: (value: unknown) => PartFacts,
  ): Promise<PartFacts> {
    try {
      return partOf(await this.call(object, '__getitem__', [key]));
    } catch (error) {
      if (!(error instanceof RemoteError)) {
        throw error;
      }
      const { facts } = partOf(null);
      return { facts: { ...facts, kind: 'unread', typeName: '', value: 'not there any more' } };
    }
  }

  /** Length, and the items from `offset` on, of what has positions. */
  private async slice(object: Netref, offset: number, limit: number): Promise<readonly [number, unknown[]]> {
    const [length, slice] = await Promise.all([
      this.call(object, '__len__', []),
      this.call(object, '__getitem__', [new Slice(offset, offset + limit)]),
    ]);
    const items = isNetref(slice) ? await this.take(slice, limit) : slice;
    letGo([slice]);
    return [asCount(length, 'length'), asItems(items, limit)];
  }

  /** Length, and the items from `offset` on, of what is iterated over from its beginning. */
  private async passOver(
    object: Netref,
    offset: number,
    limit: number,
  ): Promise<readonly [number, unknown[]]> {
    const end = Math.min(offset + limit, MAX_PASSED);
    const [length, items] = await Promise.all([this.call(object, '__len__', []), this.take(object, end)]);
    const all = asItems(items, end);
    letGo(all.slice(0, offset));
    return [asCount(length, 'length'), all.slice(offset)];
  }

  /** The first items of what can be iterated over. */
  private async take(object: Netref, count: number): Promise<unknown> {
    if (this.connection.dialect !== 'A') {
      return this.connection.request(Handler.buffiter, [object, count], this.options);
    }
    // 3.x steps with `next`, which only iterators have.
    const iterator = await this.call(object, '__iter__', []);
    try {
      return await this.connection.request(Handler.buffiter, [iterator, count], this.options);
    } finally {
      letGo([iterator]);
    }
  }

  private call(object: Netref, name: string, args: readonly unknown[]): Promise<unknown> {
    return this.connection.request(Handler.callattr, [object, name, args, []], this.options);
  }
}

/** What a page tells of the whole. What has no positions is not followed to its end. */
function extent(
  offset: number,
  limit: number,
  total: number,
  container: Container,
): Pick<SourcePage, 'total' | 'more' | 'note'> {
  const end = offset + limit;
  if (container === 'sequence' || end < MAX_PASSED) {
    return { total, more: end < total };
  }
  return { total, more: false, ...(total > MAX_PASSED ? { note: itemLimitNote(MAX_PASSED) } : {}) };
}

function asItems(items: unknown, limit: number): unknown[] {
  if (!Array.isArray(items)) {
    throw noPartsError();
  }
  letGo(items.slice(limit));
  return (items as unknown[]).slice(0, limit);
}

/** References that no row is made of. */
function letGo(values: readonly unknown[]): void {
  for (const value of values) {
    if (isNetref(value)) {
      void release(value);
    }
  }
}

/** The policy lets `__setitem__` and `__delitem__` through, too. */
function accessTo(object: Netref): Partial<Access> {
  return CHANGEABLE.has(typeNameOf(object)) ? { editable: true, deletable: true } : {};
}

/** A key as Python writes it; of what came by reference, the name of its type. */
function keyText(key: unknown, limit: number): string {
  const text = isNetref(key) ? `<${typeNameOf(key)}>` : valueText(key as BrineValue, limit);
  return singleLine(text, limit);
}

function notThere(name: string): never {
  throw goneError(`${name} is not there any more`);
}

function itemTitle(index: number): string {
  return `[${index}]`;
}

/** The row of an item at a position. */
export function itemPart(index: number, item: unknown): PartFacts {
  return valueFacts({ kind: 'index', index }, itemTitle(index), item);
}

export function withAccess(part: PartFacts, access: Partial<Access>): PartFacts {
  return { ...part, facts: { ...part.facts, access: { ...(part.facts.access ?? NO_ACCESS), ...access } } };
}

function withKey(part: PartFacts, value: unknown): PartFacts {
  return { ...part, facts: { ...part.facts, key: { value } } };
}

import type { DebugProtocol } from '@vscode/debugprotocol';

import type { Handle, ObjectKind, ObjectNode } from '../api/model';
import type { ObjectTree } from '../features/inspect/objectTree';
import { ShownError } from './dispatcher';

/** Rows that are fetched at once, and those that are shown before a row that leads to the rest. */
const PAGE = 500;
const SHOWN = 1000;

/** References that the editor may still ask for; the oldest go. */
const MAX_REFERENCES = 50_000;

/** Containers that have items and nothing else. */
const ITEMS_ONLY: ReadonlySet<string> = new Set([
  'list',
  'tuple',
  'dict',
  'set',
  'frozenset',
  'collections.deque',
  'range',
  'xrange',
]);

/** What a reference of the editor stands for. */
interface Slot {
  readonly node: ObjectNode;
  /** Reading it was not asked for yet: opening it is asking. */
  readonly lazy: boolean;
  /** Where its parts begin, for a row that stands for the rest of them. */
  readonly from: number;
  readonly group: number;
  /** Its parts by name, as they were shown last. */
  readonly parts: Map<string, ObjectNode>;
}

/** What is shown by the console, for as long as the session lasts. */
export const CONSOLE_GROUP = 0;

/**
 * Remote objects as variables: rows of the object tree under numbers of the editor. Rows of the views are let go when
 * the views have been renewed twice, those of the console when the session ends.
 */
export class Variables {
  private readonly slots = new Map<number, Slot>();
  /** Parts that are here already. */
  private readonly lists = new Map<
    number,
    { readonly parts: readonly ObjectNode[]; readonly group: number }
  >();
  private readonly notes = new Map<number, string>();
  private readonly handles = new Map<number, Handle[]>([
    [CONSOLE_GROUP, []],
    [CONSOLE_GROUP + 1, []],
  ]);
  private readonly named = new Map<string, Handle>();
  private last = 0;
  private group = CONSOLE_GROUP + 1;

  constructor(private readonly tree: ObjectTree) {}

  /** Of what the views show from now on. */
  get viewGroup(): number {
    return this.group;
  }

  /** The views are drawn anew: what they showed before last is not asked for any more. */
  renew(): void {
    const old = this.group - 1;
    this.group += 1;
    this.handles.set(this.group, []);
    if (old > CONSOLE_GROUP) {
      this.tree.release(this.handles.get(old) ?? []);
      this.handles.delete(old);
      for (const map of [this.slots, this.lists]) {
        for (const [reference, { group }] of map) {
          if (group === old) {
            map.delete(reference);
          }
        }
      }
    }
  }

  /** All rows are let go. */
  clear(): void {
    for (const handles of this.handles.values()) {
      this.tree.release(handles);
    }
    this.handles.clear();
    this.slots.clear();
    this.lists.clear();
    this.notes.clear();
    this.named.clear();
  }

  /** The row that was shown last for this expression. */
  shownFor(expression: string): Handle | undefined {
    return this.named.get(expression);
  }

  /** What is shown of a row beside its name and text: the way to open it. */
  open(
    node: ObjectNode,
    group: number,
  ): Pick<DebugProtocol.Variable, 'variablesReference' | 'indexedVariables' | 'namedVariables'> {
    this.own(node, group);
    if (isUnread(node)) {
      return { variablesReference: this.add({ node, lazy: true, group }) };
    }
    if (!node.expandable) {
      return { variablesReference: 0 };
    }
    const variablesReference = this.add({ node, group });
    if (node.length === undefined) {
      return { variablesReference };
    }
    // Whether there are attributes behind the items is told when they are asked for.
    const namedVariables = ITEMS_ONLY.has(node.typeName) ? 0 : 1;
    return { variablesReference, indexedVariables: node.length, namedVariables };
  }

  /** The way to parts that are here already. */
  openList(parts: readonly ObjectNode[], group: number): Pick<DebugProtocol.Variable, 'variablesReference'> {
    // Let go with the views also where nobody opens the list.
    this.handles.get(group)?.push(...parts.map(({ handle }) => handle));
    this.last += 1;
    this.lists.set(this.last, { parts, group });
    return { variablesReference: this.last };
  }

  /** The way to a remark in the place of parts. */
  openNote(note: string): Pick<DebugProtocol.Variable, 'variablesReference'> {
    const opened = this.openList([], this.group);
    this.notes.set(opened.variablesReference, note);
    trim(this.notes);
    return opened;
  }

  /** The parts of what a reference stands for; of one that was not read, its value. */
  async parts(
    { variablesReference, filter, start, count }: DebugProtocol.VariablesArguments,
    signal: AbortSignal,
  ): Promise<DebugProtocol.Variable[]> {
    const list = this.lists.get(variablesReference);
    const note = this.notes.get(variablesReference);
    if (note !== undefined) {
      return [remark('', note)];
    }
    if (list !== undefined) {
      return list.parts.map((part) => this.variable(part, list.group));
    }
    const slot = this.find(variablesReference);
    const { node, group } = slot;
    if (slot.lazy) {
      const read = await this.tree.read(node.handle, signal);
      return [this.variable(read, group)];
    }
    const items = node.length ?? 0;
    const begin = (filter === 'named' ? items : slot.from) + (start ?? 0);
    const most = count !== undefined && count > 0 ? count : SHOWN;
    const end = filter === 'indexed' ? Math.min(begin + most, items) : begin + most;
    return this.range(slot, begin, end, filter !== 'indexed' && !(count !== undefined && count > 0), signal);
  }

  /** Gives a part another value. */
  async set(
    { variablesReference, name, value }: DebugProtocol.SetVariableArguments,
    signal: AbortSignal,
  ): Promise<DebugProtocol.SetVariableResponse['body']> {
    const slot = this.find(variablesReference);
    const part = slot.parts.get(name);
    if (part === undefined) {
      throw new ShownError('This value is not shown any more: open what holds it again');
    }
    const change = await this.tree.changes.set({ handle: part.handle, source: value }, signal);
    if (change.status === 'error') {
      throw new ShownError(`${change.error.typeName}: ${change.error.message}`);
    }
    const { nodes } = await this.tree.children(
      { handle: slot.node.handle, offset: 0, limit: PAGE, filter: name },
      signal,
    );
    const now = nodes.find((node) => node.name === name);
    this.tree.release(nodes.filter((node) => node !== now).map(({ handle }) => handle));
    if (now === undefined) {
      return { value: change.after };
    }
    slot.parts.set(name, now);
    return { value: now.value, type: now.typeName, ...this.open(now, slot.group) };
  }

  private async range(
    slot: Slot,
    begin: number,
    end: number,
    withRest: boolean,
    signal: AbortSignal,
  ): Promise<DebugProtocol.Variable[]> {
    const { node, group, parts } = slot;
    const variables: DebugProtocol.Variable[] = [];
    let more = true;
    let total: number | undefined;
    let at = begin;
    while (more && at < end) {
      const limit = Math.min(PAGE, end - at);
      const page = await this.tree.children({ handle: node.handle, offset: at, limit }, signal);
      for (const part of page.nodes) {
        parts.set(part.name, part);
        variables.push(this.variable(part, group));
      }
      if (page.note !== undefined) {
        variables.push(remark('', page.note));
      }
      at += limit;
      ({ more, total } = page);
    }
    if (more && withRest) {
      const rest = remark('…', total === undefined ? 'more' : `${total - at} more`);
      variables.push({ ...rest, variablesReference: this.add({ node, from: at, group }) });
    }
    return variables;
  }

  private variable(node: ObjectNode, group: number): DebugProtocol.Variable {
    const unread = isUnread(node);
    return {
      name: node.name,
      value: unread ? '' : node.value,
      type: node.typeName,
      ...this.open(node, group),
      ...(node.expression === undefined ? {} : { evaluateName: node.expression }),
      presentationHint: hintOf(node, unread),
    };
  }

  private own({ handle, expression }: ObjectNode, group: number): void {
    const handles = this.handles.get(group);
    if (handles === undefined) {
      // The view it was made for is gone.
      this.tree.release([handle]);
      return;
    }
    handles.push(handle);
    if (expression !== undefined) {
      this.named.delete(expression);
      this.named.set(expression, handle);
      trim(this.named);
    }
  }

  private add({
    node,
    group,
    lazy = false,
    from = 0,
  }: Pick<Slot, 'node' | 'group'> & Partial<Pick<Slot, 'lazy' | 'from'>>): number {
    this.last += 1;
    this.slots.set(this.last, { node, group, lazy, from, parts: new Map() });
    trim(this.slots);
    return this.last;
  }

  private find(reference: number): Slot {
    const slot = this.slots.get(reference);
    if (slot === undefined) {
      throw new ShownError('This is not shown any more: open what holds it again');
    }
    return slot;
  }
}

/** Known by name only: it is read when the user asks for it. */
function isUnread({ kind, blocked }: ObjectNode): boolean {
  return blocked === undefined && (kind === 'unread' || kind === 'property');
}

function trim(map: Map<unknown, unknown>): void {
  for (const oldest of map.keys()) {
    if (map.size <= MAX_REFERENCES) {
      break;
    }
    map.delete(oldest);
  }
}

const HINTS: Partial<Record<ObjectKind, string>> = {
  property: 'property',
  unread: 'property',
  method: 'method',
  function: 'method',
  class: 'class',
  exception: 'class',
};

function hintOf(node: ObjectNode, lazy: boolean): DebugProtocol.VariablePresentationHint {
  const visibility = node.name.startsWith('__')
    ? 'internal'
    : node.name.startsWith('_')
      ? 'private'
      : 'public';
  return {
    kind: HINTS[node.kind] ?? 'data',
    visibility,
    ...(node.editable === true ? {} : { attributes: ['readOnly'] }),
    ...(lazy ? { lazy } : {}),
  };
}

function remark(name: string, value: string): DebugProtocol.Variable {
  return {
    name,
    value,
    variablesReference: 0,
    presentationHint: { kind: 'virtual', attributes: ['readOnly'] },
  };
}

/**
 * What is known of an object's part before it becomes a row, and the reading of such facts from the tuples that the
 * helper on the peer sends. Nothing in those tuples is trusted: a wrong shape is an error, a long text is cut.
 */
import type { MemberGroup, ObjectDetails, ObjectKind, PathStep } from '../../api/model';
import { TextLimit, multiLine, singleLine } from './preview';

/** What stands in a row whose value was not read. */
export const CLICK_TO_READ = 'click to read';

/** A part of an object, before it has a handle. */
export interface RowFacts {
  readonly step: PathStep;
  readonly name: string;
  readonly kind: ObjectKind;
  readonly typeName: string;
  readonly value: string;
  readonly expandable: boolean;
  readonly length?: number;
  /** Its name is a Python expression that leads there from its parent. */
  readonly reachable: boolean;
  /** Only running code would tell its value. */
  readonly unread: boolean;
  /** Why the policy of the peer keeps it out of reach, as predicted, in one sentence. */
  readonly blocked?: string;
  readonly access?: Access;
  /** Of an item of a mapping whose key came by value, where there is no helper to find it again. */
  readonly key?: { readonly value: unknown };
}

/** What may be done to a part, as far as it can be told without trying. */
export interface Access {
  readonly editable: boolean;
  readonly deletable: boolean;
  readonly callable: boolean;
  /** The next items can be taken from it. */
  readonly iterator: boolean;
  /** It can be shown as a picture or a table. */
  readonly showable: boolean;
}

export const NO_ACCESS: Access = {
  editable: false,
  deletable: false,
  callable: false,
  iterator: false,
  showable: false,
};

export interface PageFacts {
  readonly rows: readonly RowFacts[];
  readonly total?: number;
  readonly more: boolean;
  readonly note?: string;
}

/** A step as it travels to the helper. */
export type WireStep =
  | readonly ['a', string]
  | readonly ['i', number]
  | readonly ['k', number, string]
  | readonly ['g', MemberGroup];

/** An answer was not what it has to be: the helper's contract, or RPyC, says otherwise. */
export class ShapeError extends Error {
  constructor(what: string) {
    super(`The peer sent a wrong ${what}`);
    this.name = 'ShapeError';
  }
}

/** Bits of a row's flags, as `listing.py`, `access.py`, `taking.py` and `showing.py` name them. */
const Flag = {
  expandable: 1,
  unread: 2,
  reachable: 4,
  editable: 8,
  deletable: 16,
  callable: 32,
  iterator: 64,
  showable: 128,
} as const;

const KINDS: ReadonlySet<string> = new Set<ObjectKind>([
  'none',
  'boolean',
  'number',
  'array',
  'table',
  'struct',
  'enum',
  'generator',
  'frame',
  'thread',
  'file',
  'socket',
  'string',
  'bytes',
  'list',
  'tuple',
  'dict',
  'set',
  'module',
  'class',
  'function',
  'method',
  'property',
  'exception',
  'object',
  'group',
]);

/** What each group is called, in the order in which they are shown. */
export const GROUP_NAMES: Readonly<Record<MemberGroup, string>> = {
  methods: 'Methods',
  private: 'Private',
  special: 'Special',
};

/** More than the helper ever sends in one page. */
const MAX_ROWS = 1000;
const MAX_STEP_TEXT = 1000;

/** A step for the helper. A root is where a walk begins, and no step of it. */
export function toWireStep(step: Exclude<PathStep, { kind: 'root' }>): WireStep {
  switch (step.kind) {
    case 'attr':
      return ['a', step.name];
    case 'index':
      return ['i', step.index];
    case 'key':
      return ['k', step.index, step.text];
    case 'group':
      return ['g', step.group];
  }
}

/** `(total, more, note, rows)` of the helper's page. */
export function readPage(total: unknown, more: unknown, note: unknown, rows: unknown): PageFacts {
  if (!Array.isArray(rows) || rows.length > MAX_ROWS) {
    throw new ShapeError('list of rows');
  }
  const text = singleLine(asText(note, 'note'), TextLimit.value);
  return {
    rows: rows.map(readRow),
    total: asCount(total, 'total'),
    more: more === true,
    ...(text === '' ? {} : { note: text }),
  };
}

/** `(step, name, kind, type name, value, flags, length)` of the helper. */
export function readRow(value: unknown): RowFacts {
  const [step, name, kind, typeName, text, flags, length, ...rest] = asTuple(value, 'row');
  const bits = asCount(flags, 'flags');
  const unread = (bits & Flag.unread) !== 0;
  if (rest.length > 0) {
    throw new ShapeError('row');
  }
  return {
    step: readStep(step),
    name: singleLine(asText(name, 'name'), TextLimit.name),
    kind: asKind(kind),
    typeName: singleLine(asText(typeName, 'type name'), TextLimit.type),
    value: unread ? CLICK_TO_READ : singleLine(asText(text, 'value'), TextLimit.value),
    expandable: (bits & Flag.expandable) !== 0,
    reachable: (bits & Flag.reachable) !== 0,
    unread,
    access: {
      editable: (bits & Flag.editable) !== 0,
      deletable: (bits & Flag.deletable) !== 0,
      callable: (bits & Flag.callable) !== 0,
      iterator: (bits & Flag.iterator) !== 0,
      showable: (bits & Flag.showable) !== 0,
    },
    ...(length === null ? {} : { length: asCount(length, 'length') }),
  };
}

/** `(type name, signature, documentation, value, length)` of the helper. */
export function readDetails(parts: readonly unknown[]): ObjectDetails {
  const [typeName, signature, documentation, value, length] = parts;
  const shown = {
    signature: asLine(signature, TextLimit.hover),
    documentation: asLines(documentation, TextLimit.documentation),
    value: asLine(value, TextLimit.hover),
  };
  return {
    typeName: asLine(typeName, TextLimit.type),
    ...(shown.signature === '' ? {} : { signature: shown.signature }),
    ...(shown.documentation === '' ? {} : { documentation: shown.documentation }),
    ...(shown.value === '' ? {} : { value: shown.value }),
    ...(length === null ? {} : { length: asCount(length, 'length') }),
  };
}

/** A kind that the helper tells. */
export function asKind(value: unknown): ObjectKind {
  if (typeof value !== 'string' || !KINDS.has(value)) {
    throw new ShapeError('kind');
  }
  return value as ObjectKind;
}

function readStep(value: unknown): PathStep {
  const [kind, second, third] = asTuple(value, 'step');
  switch (kind) {
    case 'a':
      return { kind: 'attr', name: asStepText(second) };
    case 'i':
      return { kind: 'index', index: asCount(second, 'position') };
    case 'k':
      return { kind: 'key', index: asCount(second, 'position'), text: asStepText(third) };
    case 'g':
      return { kind: 'group', group: asGroup(second) };
    default:
      throw new ShapeError('step');
  }
}

/** A text of one line for a row. */
export function asLine(value: unknown, limit: number): string {
  return singleLine(asText(value, 'text'), limit);
}

/** A text of several lines for a hover. */
export function asLines(value: unknown, limit: number): string {
  return multiLine(asText(value, 'text'), limit);
}

export function asTuple(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) {
    throw new ShapeError(what);
  }
  return value as readonly unknown[];
}

export function asText(value: unknown, what: string): string {
  if (typeof value !== 'string') {
    throw new ShapeError(what);
  }
  return value;
}

export function asCount(value: unknown, what: string): number {
  if (typeof value === 'bigint' && value >= 0n) {
    return Number.MAX_SAFE_INTEGER;
  }
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new ShapeError(what);
  }
  return value;
}

function asGroup(value: unknown): MemberGroup {
  if (typeof value !== 'string' || !Object.hasOwn(GROUP_NAMES, value)) {
    throw new ShapeError('step');
  }
  return value as MemberGroup;
}

// Goes back to the peer as it came, so it is not cleaned, only bounded.
function asStepText(value: unknown): string {
  const text = asText(value, 'step');
  if (text.length > MAX_STEP_TEXT) {
    throw new ShapeError('step');
  }
  return text;
}

/** Rows for what a strict service gives: values by value, and references of which only the type's name is known. */
import type { ObjectKind, PathStep } from '../../api/model';
import { type BrineValue, FrozenSet, type Netref, isNetref, type_ } from '../../rpyc/index';
import { EXPOSED_PREFIX, type Obstacle, isSpecial } from './accessPolicy';
import { TextLimit, cut, singleLine, valueText, valueType } from './preview';
import { CLICK_TO_READ, NO_ACCESS, type RowFacts } from './rows';
import type { PartFacts } from './source';

/** Special methods that RPyC's default policy lets through, as far as a reader wants to see them. */
const SAFE_SPECIAL = new Set(['__doc__', '__next__']);

const KINDS_BY_TYPE: ReadonlyMap<string, ObjectKind> = new Map([
  ['NoneType', 'none'],
  ['bool', 'boolean'],
  ['int', 'number'],
  ['long', 'number'],
  ['float', 'number'],
  ['complex', 'number'],
  ['str', 'string'],
  ['unicode', 'string'],
  ['bytes', 'bytes'],
  ['bytearray', 'bytes'],
  ['list', 'list'],
  ['tuple', 'tuple'],
  ['range', 'tuple'],
  ['xrange', 'tuple'],
  ['collections.deque', 'list'],
  ['dict', 'dict'],
  ['mappingproxy', 'dict'],
  ['collections.OrderedDict', 'dict'],
  ['collections.defaultdict', 'dict'],
  ['collections.Counter', 'dict'],
  ['set', 'set'],
  ['frozenset', 'set'],
  ['module', 'module'],
  ['type', 'class'],
  ['function', 'function'],
  ['builtin_function_or_method', 'function'],
  ['method', 'method'],
  ['instancemethod', 'method'],
]);

const CALLABLE_KINDS: ReadonlySet<ObjectKind> = new Set<ObjectKind>(['class', 'function', 'method']);

/** What a row stands for that was read: the value itself, or a reference that is held from now on. */
export function valueFacts(step: PathStep, name: string, value: unknown): PartFacts {
  const shownName = singleLine(name, TextLimit.name);
  if (!isNetref(value)) {
    const plain = value as BrineValue;
    const typeName = valueType(plain);
    const length = lengthOf(plain);
    const items: readonly unknown[] =
      plain instanceof FrozenSet ? [...plain] : Array.isArray(value) ? (value as readonly unknown[]) : [];
    const facts: RowFacts = {
      step,
      name: shownName,
      kind: KINDS_BY_TYPE.get(typeName) ?? 'object',
      typeName,
      value: singleLine(valueText(plain, TextLimit.value), TextLimit.value),
      expandable: items.length > 0,
      reachable: false,
      unread: false,
      ...(length === undefined ? {} : { length }),
    };
    return items.length > 0 ? { facts, held: { kind: 'value', items } } : { facts };
  }
  const kind = kindOf(value);
  return {
    facts: {
      step,
      name: shownName,
      kind,
      typeName: typeNameOf(value),
      value: singleLine(`<${typeNameOf(value)}>`, TextLimit.value),
      expandable: true,
      reachable: false,
      unread: false,
      // Of other objects the name of the type does not tell.
      access: { ...NO_ACCESS, callable: CALLABLE_KINDS.has(kind) },
    },
    held: { kind: 'netref', netref: value },
  };
}

/** `module.Class` of a remote object, without the name of the built-in module. */
export function typeNameOf(netref: Netref): string {
  const { name, module } = type_(netref);
  const isBuiltin = module === '' || module === 'builtins' || module === '__builtin__';
  return singleLine(isBuiltin ? name : `${module}.${name}`, TextLimit.type);
}

/** The kind of a remote object, as far as the name of its type says. */
export function kindOf(netref: Netref): ObjectKind {
  if (type_(netref).isClass) {
    return 'class';
  }
  return KINDS_BY_TYPE.get(typeNameOf(netref)) ?? 'object';
}

function lengthOf(value: BrineValue): number | undefined {
  return typeof value === 'string' || value instanceof Uint8Array || Array.isArray(value)
    ? value.length
    : undefined;
}

/**
 * The names of an object of a strict service that are shown, in order. DIR lists names that the policy keeps out of
 * reach, too: those are shown with the reason. Who asks for a name whose exposed form is there gets that one, so
 * the two are one row.
 */
export function memberNames(names: readonly string[]): readonly string[] {
  const known = new Set(names);
  return [...known]
    .filter((name) => (!isSpecial(name) || SAFE_SPECIAL.has(name)) && !known.has(EXPOSED_PREFIX + name))
    .sort(byReach);
}

/** What a member is called in its row. */
export function memberTitle(name: string): string {
  return singleLine(
    name.startsWith(EXPOSED_PREFIX) ? name.slice(EXPOSED_PREFIX.length) : name,
    TextLimit.name,
  );
}

/** What is known of a member before it is read. */
export interface MemberKnowledge {
  /** It is a method, as INSPECT tells. */
  readonly isMethod: boolean;
  readonly documentation: string | null;
  /** Why it is out of reach, as predicted. */
  readonly obstacle: Obstacle | undefined;
  /** It is one of the root service itself. */
  readonly ofService: boolean;
}

/** The row of a member. Nothing is read, so that nothing is refused. */
export function memberFacts(
  name: string,
  { isMethod, documentation, obstacle, ofService }: MemberKnowledge,
): RowFacts {
  const unread = !isMethod && obstacle === undefined;
  return {
    step: { kind: 'attr', name },
    name: memberTitle(name),
    kind: isMethod ? 'method' : 'unread',
    typeName: isMethod ? 'method' : '',
    value: obstacle?.text ?? (unread ? CLICK_TO_READ : firstLine(documentation ?? '')),
    expandable: false,
    reachable: false,
    unread,
    ...(obstacle === undefined ? {} : { blocked: obstacle.rule }),
    // A service refuses to be changed itself, whatever its policy. For other objects the policy is not told: a
    // refusal says which flag is in the way.
    access: {
      editable: unread && !ofService && !isSpecial(name),
      deletable: unread && !ofService && !isSpecial(name),
      callable: isMethod && obstacle === undefined,
      // A row for each item would take a request of its own: `__next__` can be called.
      iterator: false,
      showable: false,
    },
  };
}

/**
 * Documentation of a method with the signature taken out of it: code in C, and decorators, write it into the first
 * line. Signatures travel in no other way.
 */
export function splitDocumentation(
  name: string,
  text: string,
): { readonly signature?: string; readonly documentation: string } {
  const trimmed = cut(text.trim(), TextLimit.documentation);
  const [line = ''] = trimmed.split('\n', 1);
  const isSignature =
    line.length <= TextLimit.hover &&
    [name, memberTitle(name)].some((title) => line.startsWith(`${title}(`)) &&
    /\)(?:\s*->.*)?:?\s*$/.test(line);
  return isSignature
    ? { signature: line.trim(), documentation: trimmed.slice(line.length).trim() }
    : { documentation: trimmed };
}

function firstLine(text: string): string {
  const [line = ''] = cut(text.trimStart(), TextLimit.value).split('\n', 1);
  return singleLine(line, TextLimit.value);
}

/** Exposed names first, then public ones, then private ones. */
function byReach(one: string, other: string): number {
  return rank(one) - rank(other) || (one < other ? -1 : 1);
}

function rank(name: string): number {
  if (name.startsWith(EXPOSED_PREFIX)) {
    return 0;
  }
  return isSpecial(name) ? 3 : name.startsWith('_') ? 2 : 1;
}

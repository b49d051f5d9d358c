/**
 * The typed JSON notation of `test/vectors` (see its README) and values of the library, compared by kind.
 */
import {
  type BrineValue,
  Complex,
  Ellipsis,
  Float,
  FrozenSet,
  NotImplemented,
  PyLong,
  Slice,
} from '../../server/src/rpyc/core/pyTypes';

export type TypedJson = null | boolean | string | Readonly<Record<string, unknown>>;

/** The value that a piece of typed JSON stands for, in the form in which `brine.load` gives it. */
export function fromTyped(json: unknown): BrineValue {
  if (json === null || typeof json === 'boolean' || typeof json === 'string') return json;
  const entries = Object.entries(json as Readonly<Record<string, unknown>>);
  const [kind, content] = entries[0] ?? [];
  if (kind === undefined || entries.length !== 1) throw new Error(`Not typed JSON: ${JSON.stringify(json)}`);
  return fromKind(kind, content);
}

function fromKind(kind: string, content: unknown): BrineValue {
  switch (kind) {
    case 'int':
      return integer(content as string);
    case 'long':
      return new PyLong(BigInt(content as string));
    case 'float':
      return float(content as string);
    case 'complex': {
      const [real = '', imag = ''] = content as string[];
      return new Complex(Number(float(real)), Number(float(imag)));
    }
    case 'bytes':
    case 'py2str':
      return fromHex(content as string);
    case 'tuple':
      return (content as unknown[]).map(fromTyped);
    case 'frozenset':
      return new FrozenSet((content as unknown[]).map(fromTyped));
    case 'slice': {
      const [start, stop, step] = (content as unknown[]).map(fromTyped);
      return new Slice(start, stop, step);
    }
    case 'ellipsis':
      return Ellipsis;
    case 'notImplemented':
      return NotImplemented;
    default:
      return fromRepeat(kind, content as unknown[]);
  }
}

function fromRepeat(kind: string, content: unknown[]): BrineValue {
  const count = content.at(-1) as number;
  switch (kind) {
    case 'bytesRepeat':
      return fromHex((content[0] as string).repeat(count));
    case 'strRepeat':
      return (content[0] as string).repeat(count);
    case 'tupleRepeat':
      return Array.from({ length: count }, () => fromTyped(content[0]));
    case 'intDigits':
      return integer((content[0] as string) + (content[1] as string).repeat(count));
    default:
      throw new Error(`Not typed JSON: ${kind}`);
  }
}

function integer(text: string): number | bigint {
  const value = BigInt(text);
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function float(text: string): number | Float {
  const value = { inf: Infinity, '-inf': -Infinity, nan: NaN }[text] ?? Number(text);
  return Number.isInteger(value) ? new Float(value) : value;
}

export function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'));
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** The bytes of a vector's `hex` or `hexRle`. */
export function vectorBytes(vector: {
  readonly hex?: string;
  readonly hexRle?: readonly (readonly [string, number])[];
}): Uint8Array {
  const runs = vector.hexRle ?? [[vector.hex ?? '', 1] as const];
  return fromHex(runs.map(([hex, count]) => hex.repeat(count)).join(''));
}

/**
 * A text that two values share if and only if they are the same value of the same kind:
 * `1`, `True` and `1.0` differ, and so do text and bytes. Members of frozensets are put in order where asked.
 */
export function kindText(value: BrineValue, unordered = false): string {
  const inner = (items: readonly BrineValue[]): string[] => items.map((item) => kindText(item, unordered));
  if (value === null) return 'None';
  if (typeof value === 'number') return numberText(value);
  if (typeof value === 'bigint') return `int ${value}`;
  if (typeof value === 'string') return `str ${JSON.stringify(value)}`;
  if (typeof value !== 'object') return `${typeof value} ${String(value)}`;
  if (Array.isArray(value)) return `tuple (${inner(value as readonly BrineValue[]).join(', ')})`;
  if (value instanceof Uint8Array) return `bytes ${toHex(value)}`;
  if (value instanceof Float) return `float ${floatText(value.valueOf())}`;
  if (value instanceof PyLong) return `long ${value.valueOf()}`;
  if (value instanceof Complex) return `complex ${floatText(value.real)} ${floatText(value.imag)}`;
  if (value instanceof Slice) return `slice (${inner([value.start, value.stop, value.step]).join(', ')})`;
  if (value instanceof FrozenSet) {
    const members = inner(value.values());
    return `frozenset (${(unordered ? members.sort() : members).join(', ')})`;
  }
  return value === Ellipsis ? 'Ellipsis' : 'NotImplemented';
}

function numberText(value: number): string {
  return Number.isSafeInteger(value) && !Object.is(value, -0) ? `int ${value}` : `float ${floatText(value)}`;
}

function floatText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

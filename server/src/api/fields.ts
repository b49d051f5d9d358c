/** How the fields of what a user has written are checked: one rule each, and the first fault is told. */

/** Longest text of a field that nothing else is said of, in UTF-16 code units. */
export const MAX_PROFILE_TEXT = 255;

/** Why something that a user has written cannot be used. */
export interface Fault {
  /** The field at fault: `label`, `transport.port`, `preHandshake[1].send`, or `profile` for all of it. */
  readonly field: string;
  /** What the field has to be, as the end of a sentence that begins with the field. */
  readonly rule: string;
}

export type Fields = Readonly<Record<string, unknown>>;

/** One field of an object. */
export interface FieldRule {
  /** What the field has to be, as in `Fault`. */
  readonly rule: string;
  /** @returns what it stands for, or undefined where it breaks the rule */
  readonly read: (value: unknown) => unknown;
  readonly required?: boolean;
  /** Stands for a field that is left out. */
  readonly fallback?: unknown;
}

export type FieldRules = Readonly<Record<string, FieldRule>>;

/** Reads an object by its rules. A field that no rule is for is a fault. */
export function readFields(
  value: Fields,
  rules: FieldRules,
  prefix: string,
): { readonly fields: Fields } | { readonly fault: Fault } {
  const unknown = unknownField(value, Object.keys(rules));
  if (unknown !== undefined) {
    return wrong(prefix + unknown, 'is not a known field');
  }
  const fields: Record<string, unknown> = {};
  for (const [name, { rule, read, required = false, fallback }] of Object.entries(rules)) {
    const given = value[name] === undefined ? fallback : value[name];
    if (given === undefined && !required) {
      continue;
    }
    const found = given === undefined ? undefined : read(given);
    if (found === undefined) {
      return wrong(prefix + name, rule);
    }
    fields[name] = found;
  }
  return { fields };
}

export function unknownField(fields: Fields, known: readonly string[]): string | undefined {
  return Object.keys(fields)
    .find((key) => !known.includes(key) && fields[key] !== undefined)
    ?.slice(0, MAX_PROFILE_TEXT);
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One line without control characters. */
export function isLine(value: unknown, limit = MAX_PROFILE_TEXT): value is string {
  return typeof value === 'string' && value.length <= limit && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(value);
}

export function isOneOf<T>(allowed: readonly T[], value: unknown): value is T {
  return (allowed as readonly unknown[]).includes(value);
}

export function wrong(field: string, rule: string): { readonly fault: Fault } {
  return { fault: { field, rule } };
}

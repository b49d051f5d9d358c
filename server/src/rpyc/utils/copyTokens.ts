/*
 * Values in a form that travels by value: a text with one letter for each part, and the parts. Containers stand in front
 * of their members, so that depth costs nothing on the wire. In the place of pickle, which upstream uses.
 */

/** What a letter stands for; the value is the part itself, or the number of a container's members. */
export const Token = {
  /** Travels by value as it is. */
  plain: 'v',
  /** Text with lone surrogates, as UTF-16. */
  utf16: 'u',
  list: 'l',
  tuple: 't',
  set: 's',
  frozenset: 'f',
  /** Keys and values in turn. */
  dict: 'd',
  /** Milliseconds since 1970. */
  date: 'D',
  slice: 'S',
} as const;

/** What may be copied at once. */
export interface CopyLimits {
  /** Containers inside containers; 100 unless told, 200 at most. */
  readonly maxDepth?: number | undefined;
  /** Parts altogether; a million unless told. */
  readonly maxItems?: number | undefined;
  /** Bytes of all texts and byte strings; 32 MiB unless told. */
  readonly maxBytes?: number | undefined;
}

/** The same, with what is left out filled in. */
export type WholeCopyLimits = Readonly<Record<keyof CopyLimits, number>>;

const DEEPEST = 200;

export function copyLimits(limits: CopyLimits): WholeCopyLimits {
  const { maxDepth = 100, maxItems = 1_000_000, maxBytes = 32 * 1024 * 1024 } = limits;
  return { maxDepth: Math.min(maxDepth, DEEPEST), maxItems, maxBytes };
}

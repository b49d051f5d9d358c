/** The plain shapes for what a text is told from the live objects of a connection, while it is written. */
import type { ObjectDetails, ObjectKind } from './model';

/** Characters before the cursor that are looked at. */
export const LIVE_TEXT_LIMIT = 100_000;

/** A place in a text that runs on a connection. */
export interface LivePlace {
  readonly profileId: string;
  /** All that stands before the cursor, or its last `LIVE_TEXT_LIMIT` characters from the start of a line on. */
  readonly before: string;
  /** The rest of the line. */
  readonly after: string;
}

/**
 * From a name of the namespace (`a`) or a loaded module (`m`) on, by attributes (`a`) and items (`s`), whose key is a
 * text or a whole number.
 */
export type LiveStep = readonly ['a' | 'm', string] | readonly ['s', string | number];

export interface LiveSuggestion {
  /** As it is shown: the name, or the key between quotes. */
  readonly name: string;
  /** What takes the place of what was typed. */
  readonly text: string;
  readonly kind: ObjectKind;
  /** Empty where it is not known without running code. */
  readonly typeName: string;
  /** Leads to it; absent where there is nothing more to tell. */
  readonly path?: readonly LiveStep[];
}

export interface LiveSuggestions {
  /** Characters before the cursor that a suggestion replaces. */
  readonly typed: number;
  /** There are more, which a longer text would bring. */
  readonly incomplete: boolean;
  /** In the order in which they are to be shown. */
  readonly found: readonly LiveSuggestion[];
}

/** What is known of the object behind a name. */
export interface LiveHover extends ObjectDetails {
  readonly name: string;
  /** Characters of the name before and behind the place. */
  readonly back: number;
  readonly ahead: number;
}

export interface LiveSignature {
  readonly label: string;
  /** Start and end of each parameter in `label`. */
  readonly parameters: readonly (readonly [number, number])[];
  /** The one that is written now; absent where there is none. */
  readonly active?: number;
  readonly documentation?: string;
}

/** What a pasted traceback is explained with: plain data, in which everything that was pasted is marked as such. */

/** In characters. Of a longer text the end is read: what happened last is there. */
export const EXPLAINED_TEXT_LIMIT = 262_144;

/** A sentence. What is not plain text is a name, a value or a piece of the pasted text, and is never interpreted. */
export type Words = readonly (string | { readonly code: string })[];

/** A few lines of Python that somebody can use. */
export interface CodeExample {
  /** Where it belongs. */
  readonly title: string;
  readonly text: string;
}

/** One exception of the text, in the order in which it is printed. */
export interface ExplainedError {
  /** Which program raised or passed it on, in words. */
  readonly side: string;
  /** Type and first line of the message. */
  readonly error: string;
  /** The line of the program's own code that is nearest to it. */
  readonly place?: string;
  /** Releases of RPyC that have these lines, and the version of Python, as far as the text shows them. */
  readonly versions?: string;
}

export interface Explanation {
  /** Name of the rule that knew it; absent where none did. */
  readonly rule?: string;
  readonly headline: Words;
  /** What happened. */
  readonly what: readonly Words[];
  /** What mends it; empty where nothing is known. */
  readonly mend: readonly Words[];
  readonly code: readonly CodeExample[];
  /** What was read in the text. */
  readonly errors: readonly ExplainedError[];
}

/** The plain shapes for what a row becomes outside of the tree: documents, source code and statements. */
import type { Handle } from './model';

/** `json`: for other programs. `lines`: one value per line, sorted, to be compared. */
export type DocumentForm = 'json' | 'lines';

export interface ObjectDocumentParams {
  readonly handle: Handle;
  readonly form: DocumentForm;
  /** Characters at most. */
  readonly limit: number;
}

export interface ObjectDocumentResult {
  readonly text: string;
  /** Something was left out, which the text says in its place. */
  readonly truncated: boolean;
}

/** Python source as the peer has it. */
export interface SourceCode {
  /** Path on the peer's machine, or the name under which the code was compiled. */
  readonly file: string;
  /** Of the definition, from 1. */
  readonly line: number;
  readonly text: string;
  readonly truncated: boolean;
}

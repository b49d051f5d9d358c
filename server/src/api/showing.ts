/** What travels between the editor and the process when a value is shown as a picture, a table or a page. */
import type { Handle, RunError } from './model';

export interface ObjectShowParams {
  readonly handle: Handle;
  /** Number of the picture where there are several; of the first row of a table. */
  readonly position: number;
}

export type PictureType = 'image/png' | 'image/jpeg' | 'image/svg+xml';

export interface ShownTable {
  readonly columns: readonly {
    readonly name: string;
    readonly typeName: string;
    /** Its values are numbers. */
    readonly numeric: boolean;
  }[];
  /** Each row begins with its label. */
  readonly labelled: boolean;
  readonly rows: readonly (readonly string[])[];
  /** Number of the first of these rows. */
  readonly start: number;
  readonly total: number;
  readonly totalColumns: number;
}

/** What a value looks like. Nothing in it is trusted: it is as the peer made it. */
export type ShownObject =
  | {
      readonly as: 'picture';
      readonly type: PictureType;
      /** In base64. */
      readonly data: string;
      /** How many pictures there are. */
      readonly count: number;
      /** What was done to it so that it fits; may be empty. */
      readonly note: string;
    }
  | { readonly as: 'table'; readonly table: ShownTable }
  | { readonly as: 'page'; readonly html: string }
  | { readonly as: 'text'; readonly text: string }
  /** The value's own code raised. */
  | { readonly as: 'error'; readonly error: RunError };

export interface ObjectKeepParams {
  readonly handle: Handle;
  /** What its row under Results is called. */
  readonly what: string;
}

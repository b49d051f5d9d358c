import type { ObjectNode, ObjectPath, PathStep } from '../../server/src/api/model';
import type { ActionCost, HeldReference } from '../../server/src/api/wire';
import type { ProfileOrigin } from './profiles';

export interface ConnectionRow {
  readonly kind: 'connection';
  readonly id: string;
  readonly profileId: string;
}

/** A folder of connections. */
export interface GroupRow {
  readonly kind: 'group';
  readonly id: string;
  readonly profileId: '';
  readonly name: string;
}

export interface ObjectRow {
  readonly kind: 'object';
  readonly id: string;
  readonly profileId: string;
  parent: ConnectionRow | ObjectRow;
  node: ObjectNode;
  /** The node was read on request: only its handle leads to the value that is shown. */
  wasRead: boolean;
}

/** Stands for the children behind the last page. */
export interface MoreRow {
  readonly kind: 'more';
  readonly id: string;
  readonly profileId: string;
  readonly parent: ObjectRow;
  readonly shown: number;
  readonly total?: number;
}

/** A sentence in the place of objects: why there are none, or not all. */
export interface NoteRow {
  readonly kind: 'note';
  readonly id: string;
  readonly profileId: string;
  readonly parent?: ConnectionRow | ObjectRow;
  readonly severity: 'info' | 'error';
  readonly message: string;
  /** The note is about an entry of these settings. */
  readonly aboutSettings?: ProfileOrigin;
}

/** Below a connection, where that is shown: what is held on its peer, and what actions cost. */
export interface SideRow {
  readonly kind: 'side';
  readonly id: string;
  readonly profileId: string;
  readonly parent: ConnectionRow | SideRow;
  readonly content:
    | { readonly what: 'references' | 'costs' }
    | { readonly what: 'reference'; readonly reference: HeldReference }
    | { readonly what: 'cost'; readonly cost: ActionCost }
    | { readonly what: 'note'; readonly text: string };
}

export type Row = GroupRow | ConnectionRow | ObjectRow | MoreRow | NoteRow | SideRow;

/** A row that has rows under it. */
export type ParentRow = ConnectionRow | ObjectRow;

export function connectionRowId(profileId: string): string {
  return `c:${encodeURIComponent(profileId)}`;
}

export function groupRowId(name: string): string {
  return `g:${encodeText(name)}`;
}

/** The same for the same object after a reconnect and after a restart of the background process. */
export function objectRowId(profileId: string, path: ObjectPath): string {
  return [connectionRowId(profileId), ...path.map(stepId)].join('/');
}

/**
 * As `objectRowId`, for a row under another one: no step of a path is a group, in which the same name can be shown once
 * more.
 */
export function partRowId(parent: ParentRow, { path }: ObjectNode): string {
  return [parent.id, ...path.slice(-1).map(stepId)].join('/');
}

function stepId(step: PathStep): string {
  switch (step.kind) {
    case 'root':
      return `r:${step.name}`;
    case 'attr':
      return `a:${encodeText(step.name)}`;
    case 'index':
      return `i:${step.index}`;
    case 'key':
      return `k:${encodeText(step.text)}`;
    case 'group':
      return `g:${step.group}`;
  }
}

/** A remote name may hold half a surrogate pair, which `encodeURIComponent` refuses. */
function encodeText(text: string): string {
  return encodeURIComponent(
    text.replace(/[\ud800-\udfff]/g, (half, at: number) => wholeOrCode(text, half, at)),
  );
}

function wholeOrCode(text: string, half: string, at: number): string {
  const code = half.charCodeAt(0);
  const paired =
    code < 0xdc00 ? /[\udc00-\udfff]/.test(text[at + 1] ?? '') : /[\ud800-\udbff]/.test(text[at - 1] ?? '');
  return paired ? half : `\\u${code.toString(16)}`;
}

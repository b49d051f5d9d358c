/** The plain shapes for changing remote objects and calling them. */
import type { Handle, ObjectNode, RunError } from './model';

export interface ObjectSetParams {
  readonly handle: Handle;
  /** A Python expression, evaluated on a classic peer; for a service a literal, which is read here. */
  readonly source: string;
}

/** What became of a change. */
export type ObjectChange =
  | {
      readonly status: 'done';
      /** Short texts of the value before and now; empty where there was or is none. */
      readonly before: string;
      readonly after: string;
      /** Undoes it once, as long as the row that holds what was changed is open; absent where nothing can. */
      readonly undo?: number;
    }
  /** The peer raised: the object is as the exception left it. */
  | { readonly status: 'error'; readonly error: RunError };

export type ObjectUndoResult =
  { readonly status: 'done' } | { readonly status: 'error'; readonly error: RunError };

export type ParameterKind = 'positional' | 'any' | 'values' | 'named' | 'mapping';

export interface CallParameter {
  readonly name: string;
  /** `values` stands for `*args`, `mapping` for `**kwargs`. */
  readonly kind: ParameterKind;
  readonly required: boolean;
  /** Text of the default. */
  readonly default?: string;
  /** The default's text is a Python literal. */
  readonly literal: boolean;
}

export interface CallSignature {
  /** `greet(name, loud=False)`; empty where it is not known. */
  readonly text: string;
  /** Absent where they are not known. */
  readonly parameters?: readonly CallParameter[];
  /** What the arguments may be. */
  readonly accepts: 'expressions' | 'literals';
}

export interface ObjectCallParams {
  readonly handle: Handle;
  /** Names the call, for what it prints (`rpyc/run/output`). */
  readonly callId: string;
  /** What stands between the brackets, as Python. */
  readonly source: string;
}

export interface ObjectTakeParams {
  readonly handle: Handle;
  /** As for a call. */
  readonly callId: string;
  /** Items at most. */
  readonly count: number;
}

export interface ObjectTakeResult {
  /** The row under Results; absent where nothing was taken. */
  readonly node?: ObjectNode;
  readonly taken: number;
  /** Why no more: enough, none left, too long, too large, or the peer raised `error`. */
  readonly ending: 'count' | 'exhausted' | 'time' | 'size' | 'error';
  readonly error?: RunError;
  readonly elapsedMs: number;
}

export type ObjectCallResult =
  /** The row under Results; absent where it gave None. */
  | { readonly status: 'done'; readonly node?: ObjectNode; readonly elapsedMs: number }
  | { readonly status: 'error'; readonly error: RunError; readonly elapsedMs: number };

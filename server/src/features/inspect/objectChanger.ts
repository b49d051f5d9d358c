/** How objects are changed and called over one connection: through the helper, or under a service's policy. */
import type { CallSignature, ObjectTakeResult } from '../../api/changes';
import type { Netref } from '../../rpyc/index';
import type { Agent, EmitOutput } from '../agent';
import type { PeerError } from '../run/runError';
import type { AskInput } from '../run/runInput';
import type { Entry } from './handleTable';
import type { RowFacts } from './rows';

/** Where a value is, under what holds it. */
export type Place = Pick<RowFacts, 'step' | 'key'>;

/** What undoes a change: kept by the helper under a number, or here where there is no helper. */
export type Undo =
  | { readonly kind: 'number'; readonly number: number }
  | {
      readonly kind: 'old';
      readonly owner: Netref;
      readonly place: Place;
      /** A reference, or a value. */
      readonly value: unknown;
    };

export interface Changed {
  readonly before: string;
  readonly after: string;
  readonly undo?: Undo;
  /** The row as it is now. */
  readonly facts?: RowFacts;
}

/** What came of something that runs code of the peer. */
export type Outcome<T> = { readonly value: T } | { readonly error: PeerError };

/** What ties something that runs code of the peer to the editor. */
export interface RunTies {
  readonly emit: EmitOutput;
  readonly ask: AskInput;
  /** By which it can be interrupted. */
  readonly callId: string;
  /** Has the helper of a classic peer do it, in the thread that the profile names. */
  readonly perform: (agent: Agent, method: string, args: readonly unknown[]) => Promise<unknown>;
}

/** What was taken from an iterator. */
export interface Taken {
  /** The row of the items, where there are any. */
  readonly facts?: RowFacts;
  readonly taken: number;
  readonly ending: ObjectTakeResult['ending'];
  readonly error?: PeerError;
}

export interface ObjectChanger {
  set(entry: Entry, source: string): Promise<Outcome<Changed>>;
  delete(entry: Entry): Promise<Outcome<Changed>>;
  undo(undo: Undo): Promise<Outcome<undefined>>;
  signature(entry: Entry): Promise<CallSignature>;
  /** Gives the row of the result; nothing where it is None. */
  call(entry: Entry, source: string, ties: RunTies): Promise<Outcome<RowFacts | undefined>>;
  /** Takes the next `count` items of an iterator. */
  take(entry: Entry, count: number, ties: RunTies): Promise<Taken>;
}

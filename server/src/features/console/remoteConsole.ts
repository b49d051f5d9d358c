/** What a debug session does with a connection, whatever is at its other end. */
import type {
  InterruptResult,
  ObjectKind,
  ObjectNode,
  RemoteFrame,
  RunError,
  RunOutput,
} from '../../api/model';
import type { Disposable } from '../../rpyc/index';

/** A value as it is shown. */
export interface ConsoleValue {
  /** Empty where there is nothing to show. */
  readonly text: string;
  /** The row behind it. Its handle is the caller's to release. */
  readonly node: ObjectNode;
}

/** How something ended that ran code. */
export type ConsoleOutcome =
  | { readonly status: 'done'; readonly value?: ConsoleValue }
  | { readonly status: 'error' | 'interrupted'; readonly error: RunError };

export interface ConsoleScope {
  readonly name: string;
  /** The row whose parts are shown, or the parts themselves. */
  readonly node?: ObjectNode;
  readonly parts?: readonly ObjectNode[];
  /** Worth opening only when it is wanted. */
  readonly expensive: boolean;
}

export interface Completion {
  readonly name: string;
  readonly kind: ObjectKind | 'keyword';
  /** What is put in the place of what was typed, where it is not the name. */
  readonly text?: string;
}

export interface Completions {
  /** Characters before the cursor that belong to the name that was begun. */
  readonly typed: number;
  readonly found: readonly Completion[];
}

/** A frame of a snapshot, whose names are used in the place of the connection's. */
export interface FramePlace {
  readonly snapshot: number;
  readonly thread: number;
  readonly frame: number;
}

/** One thread, or one of the errors that led to another. */
export interface SnapshotThread {
  readonly name: string;
  /** Of its frames. */
  readonly count: number;
  /** The traceback that another program has sent there; empty where there is none. */
  readonly told: string;
}

/** Frames as they stood: of an error and those that led to it, or of all threads. */
export interface Snapshot {
  /** Names it until it is released. */
  readonly number: number;
  readonly threads: readonly SnapshotThread[];
}

/** What is told of a file that was run from here. */
export const RUN_STATE = 'run';

export type SnapshotKind = 'failure' | 'stacks';

/** What a console may have beside evaluating. */
export interface SnapshotSource {
  /**
   * @param failure under which the error is kept; without it the last one is taken
   * @throws ProblemError where no error is kept
   */
  take(kind: SnapshotKind, failure?: number): Promise<Snapshot>;
  /** Some frames of a thread, the innermost first. */
  frames(snapshot: Snapshot, thread: number, start: number, count: number): Promise<readonly RemoteFrame[]>;
  release(snapshot: Snapshot): void;
  /** Of each file there a hash of its text, `RUN_STATE` for one that was run from here, or empty. */
  fileStates(files: readonly string[]): Promise<readonly string[]>;
  /** The text of a file there. */
  fileText(path: string): Promise<string>;
}

export type ConsoleOutput = (output: RunOutput) => void;

/**
 * The console of one connection. Whatever runs code does so only because it was asked for; `look` and `complete` run
 * none at all.
 */
export interface RemoteConsole extends Disposable {
  /** Asks the peer nothing. */
  scopes(place?: FramePlace): Promise<readonly ConsoleScope[]>;
  /** Runs what was typed, for as long as it takes. */
  run(source: string, output: ConsoleOutput, place?: FramePlace): Promise<ConsoleOutcome>;
  /** Evaluates an expression. A path of names runs nothing. */
  watch(expression: string, output: ConsoleOutput, place?: FramePlace): Promise<ConsoleOutcome>;
  /** What a path of names leads to. @throws ProblemError where it is no such path, or leads nowhere */
  look(path: string, signal?: AbortSignal, place?: FramePlace): Promise<ConsoleValue>;
  /** The whole text of an expression's value. */
  text(expression: string, output: ConsoleOutput, place?: FramePlace): Promise<string>;
  /** What the text before the cursor may go on with. */
  complete(textBefore: string, signal?: AbortSignal, place?: FramePlace): Promise<Completions>;
  /** Gives what an expression stands for another value, and tells that value. */
  assign(target: string, source: string, output: ConsoleOutput, place?: FramePlace): Promise<ConsoleOutcome>;
  /** Stops what runs now; harder when it is asked again. @returns undefined where nothing runs */
  interrupt(): Promise<InterruptResult | undefined>;
  /** Absent where the other end shows no frames. */
  readonly snapshots?: SnapshotSource;
}

export const NO_COMPLETIONS: Completions = { typed: 0, found: [] };

import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

import type { ServerKind } from '../api/model';
import { type Connection, type Disposable, Handler, type Netref, isNetref, release } from '../rpyc/index';
import { ProblemError, halfCharacter } from './problem';

/** The helper's files in `server/python`, in the order in which they build on each other. */
const FILES = [
  'static_lookup.py',
  'render.py',
  'kinds.py',
  'values.py',
  'frames.py',
  'access.py',
  'listing.py',
  'opening.py',
  'groups.py',
  'documents.py',
  'sourcecode.py',
  'output.py',
  'interrupting.py',
  'typing_in.py',
  'mending.py',
  'runner.py',
  'hosting.py',
  'editor.py',
  'changing.py',
  'taking.py',
  'showing.py',
  'watching.py',
  'completing.py',
  'console.py',
  'snapshots.py',
  'agent.py',
];

/** How long the peer may take to answer a question about its objects. A run may take for ever. */
export const QUESTION_SECONDS = 30;

/** What the helper tells when it is installed. */
export interface AgentInfo {
  readonly pythonVersion: string;
  readonly pid: number;
  readonly serverKind: ServerKind;
  /** Absent where the peer's library does not tell. */
  readonly rpycVersion: string | undefined;
  /** A sibling process can stop its runs by a signal. */
  readonly stopsAtSignal: boolean;
}

/** Called by the helper with what a run prints: pairs of stream and text, and number of characters lost before. */
export type EmitOutput = (pieces: unknown, dropped: unknown) => void;

/** What a question to the helper may be limited by. */
export interface QuestionOptions {
  readonly signal?: AbortSignal | undefined;
  /** `null` waits for ever. */
  readonly timeoutSeconds?: number | null;
}

/**
 * The helper that a classic peer was given: one object on the peer that answers for its tree and its runs with plain
 * values. It is sent as source, leaves no name behind, and goes with the connection.
 */
export class Agent implements Disposable {
  private disposed = false;

  private constructor(
    private readonly connection: Connection,
    /** What it is held by. */
    readonly remote: Netref,
    readonly info: AgentInfo,
    /** What the helper keeps goes with this, also where the connection is cut. */
    private readonly holder: unknown,
  ) {}

  /**
   * Sends the helper. One EVAL, beside the GETROOT that every connection begins with.
   *
   * @param pythonDir the folder with the helper's files
   * @throws RemoteError where the root has no `eval`, or the peer does not let it run
   */
  static async install(connection: Connection, pythonDir: string, signal?: AbortSignal): Promise<Agent> {
    const sources = await Promise.all(FILES.map((name) => readFile(path.join(pythonDir, name), 'utf8')));
    const root = await connection.root;
    const answer = await connection.request(
      Handler.callattr,
      [root, 'eval', [installExpression(sources)], []],
      { timeoutSeconds: QUESTION_SECONDS, ...(signal === undefined ? {} : { signal }) },
    );
    const [remote, info, holder] = Array.isArray(answer) ? (answer as unknown[]) : [];
    if (!isNetref(remote)) {
      throw new TypeError('The helper did not start on the peer');
    }
    return new Agent(connection, remote, readInfo(info), holder);
  }

  /** What is held for the helper itself. */
  get references(): readonly Netref[] {
    return [this.remote, this.holder].filter(isNetref);
  }

  /**
   * Asks the helper: one CALLATTR, one reply by value.
   *
   * @param method a method of `Agent` in `server/python/agent.py`
   * @throws ProblemError where a text cannot be sent; RemoteError, EOFError, AsyncResultTimeout; an abort error where `signal` fires
   */
  async ask(method: string, args: readonly unknown[], options: QuestionOptions = {}): Promise<unknown> {
    const { signal, timeoutSeconds = QUESTION_SECONDS } = options;
    if (args.flat().some((arg) => typeof arg === 'string' && /\p{Cs}/u.test(arg))) {
      throw new ProblemError(halfCharacter());
    }
    return this.connection.request(Handler.callattr, [this.remote, method, args, []], {
      timeoutSeconds,
      ...(signal === undefined ? {} : { signal }),
    });
  }

  /**
   * Makes the runs of this connection use the namespace that another connection shows. Both must reach one process.
   * They find each other there by a secret word that is good once; nothing of it is left.
   *
   * @returns false where the other connection is not in the same process
   */
  async join(other: Agent, signal?: AbortSignal): Promise<boolean> {
    const token = randomUUID();
    await other.ask('offer', [token], { signal });
    let found: unknown = false;
    try {
      found = await this.ask('join', [token], { signal });
    } finally {
      if (found !== true) {
        await other.ask('withdraw', []).catch(() => undefined);
      }
    }
    return found === true;
  }

  /** Gives the helper back; the peer forgets it and all that it holds. */
  dispose(): void {
    if (!this.disposed) {
      this.disposed = true;
      if (!this.connection.closed) {
        for (const held of this.references) {
          void release(held);
        }
      }
    }
  }
}

/**
 * One expression that defines the helper in a namespace of its own and gives it, with what it tells of itself, back.
 * It also runs on Python 2.7, where `exec` is a statement and thus no expression.
 */
function installExpression(sources: readonly string[]): string {
  const texts = sources.map(pythonLiteral).join(', ');
  return (
    `(lambda names: ([eval(compile(text, '<rpyc-explorer>', 'exec', 0, True), names) for text in (${texts},)], ` +
    `names['create_agent'](globals()))[1])(${NAMES})`
  );
}

/**
 * The namespace of the helper. With builtins of its own it goes on where a run deletes some; on Python 2 that would be
 * a restricted environment, which lets nobody look into functions.
 */
const NAMES =
  "(lambda sys: dict([('__name__', 'rpyc_explorer')] + ([] if sys.version_info[0] == 2 else " +
  "[('__builtins__', dict(vars(sys.modules['builtins'])))])))(__import__('sys'))";

/** JSON's string literals are Python's, too, as long as they are ASCII. */
function pythonLiteral(source: string): string {
  if (/[^\n\x20-\x7e]/.test(source)) {
    throw new TypeError('The helper has to be written in ASCII, without tabs');
  }
  return JSON.stringify(source);
}

const SERVER_KINDS: ReadonlyMap<unknown, ServerKind> = new Map(
  (['threaded', 'pool', 'forking', 'oneshot', 'stdio'] as const).map((kind) => [kind, kind]),
);

/** Longest version that is believed. */
const MAX_VERSION = 100;

function readInfo(value: unknown): AgentInfo {
  const [pythonVersion, pid, kind, rpycVersion, stopsAtSignal] = Array.isArray(value)
    ? (value as unknown[])
    : [];
  if (typeof pythonVersion !== 'string' || typeof pid !== 'number' || typeof rpycVersion !== 'string') {
    throw new TypeError('The helper did not say where it runs');
  }
  return {
    pythonVersion: pythonVersion.slice(0, MAX_VERSION),
    pid,
    serverKind: SERVER_KINDS.get(kind) ?? 'unknown',
    rpycVersion: rpycVersion === '' ? undefined : rpycVersion.slice(0, MAX_VERSION),
    stopsAtSignal: stopsAtSignal === true,
  };
}

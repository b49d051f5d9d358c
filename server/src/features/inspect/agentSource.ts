import type { ObjectDetails, PathStep } from '../../api/model';
import { AsyncResultTimeout } from '../../rpyc/index';
import { type Agent, QUESTION_SECONDS } from '../agent';
import { linkSignals, untilAborted } from '../pool/abort';
import { ProblemError, staleHandle } from '../problem';
import { readError } from '../run/runError';
import { noImportError, noSourceError } from './documentProblems';
import { type Entry, type Held, ownerOf } from './handleTable';
import { TextLimit } from './preview';
import {
  type RowFacts,
  ShapeError,
  type WireStep,
  asCount,
  asLine,
  asText,
  asTuple,
  readDetails,
  readPage,
  readRow,
  toWireStep,
} from './rows';
import { ReadingFailed } from './readingFailure';
import type { ObjectSource, PageQuery, PartFacts, SourcePage, SourceText } from './source';
import { fixedError, goneError, heldLimitError, raisedError, undoneError, unreadError } from './treeProblems';

/** The answer is waited for here, and taken in even when it is late. */
const ENDLESS = { timeoutSeconds: null } as const;

/** For the helper: the names of no group, and a row for each group. */
const PAGE_GROUP = '';

/** Where a walk on the peer begins, and its steps. */
export interface Way {
  readonly base: string | number;
  readonly steps: readonly WireStep[];
}

/** Numbers of the helper's table that need not be held any more. */
export interface SourceReleases {
  /** Takes what waits, to travel with a page. */
  take(): readonly number[];
  /** What was taken has perhaps not arrived. */
  putBack(numbers: readonly number[]): void;
  /** One more. */
  add(number: number): void;
}

/** Looks at objects through the helper: one round trip for whatever is asked. */
export class AgentSource implements ObjectSource {
  constructor(
    private readonly agent: Agent,
    private readonly releases: SourceReleases,
    private readonly signal: AbortSignal | undefined,
  ) {}

  async page(entry: Entry, { offset, limit, filter, groups = false }: PageQuery): Promise<SourcePage> {
    const way = wayTo(ownerOf(entry));
    const group = entry.step.kind === 'group' ? entry.step.group : groups ? PAGE_GROUP : null;
    this.signal?.throwIfAborted();
    const released = this.releases.take();
    const answer = this.agent.ask(
      'page',
      [released, way.base, way.steps, offset, limit, filter, group],
      ENDLESS,
    );
    answer.catch(() => this.releases.putBack(released));
    const { held, page } = await this.receive(answer, way, ([number, total, more, note, rows]) => ({
      held: asCount(number, 'number'),
      page: readPage(total, more, note, rows),
    }));
    return {
      ...page,
      parts: page.rows.map((facts) => ({ facts })),
      // Roots are found by name, and nothing is held for them.
      ...(held === 0 ? {} : { held: { kind: 'number', number: held } }),
    };
  }

  async resolve(path: readonly PathStep[]): Promise<readonly RowFacts[]> {
    const { base, steps } = wayAlong(path);
    const [rows] = await this.ask('resolve', [base, steps]);
    const facts = asTuple(rows, 'list of rows').map(readRow);
    if (facts.length !== steps.length) {
      throw new ShapeError('number of rows');
    }
    return facts;
  }

  async describe(entry: Entry): Promise<ObjectDetails> {
    const { base, steps } = wayTo(entry);
    return readDetails(await this.ask('describe', [base, steps]));
  }

  async read(entry: Entry): Promise<PartFacts> {
    if (entry.step.kind === 'root') {
      return { facts: entry.facts };
    }
    const way = wayTo(entry, { again: true });
    this.signal?.throwIfAborted();
    const answer = this.agent.ask('read', [way.base, way.steps], ENDLESS);
    return this.receive(answer, way, ([number, row]) => {
      const held: Held = { kind: 'number', number: asCount(number, 'number') };
      return { facts: { ...readRow(row), reachable: entry.facts.reachable, step: entry.step }, held };
    });
  }

  async text(entry: Entry, limit: number): Promise<SourceText> {
    const { base, steps } = wayTo(entry);
    const [text, truncated] = await this.ask('text', [base, steps, limit]);
    return { text: asText(text, 'text').slice(0, limit), truncated: truncated === true };
  }

  /** Asks, and takes the helper's refusals for what they are. */
  private async ask(method: string, args: readonly unknown[]): Promise<readonly unknown[]> {
    return accepted(await this.agent.ask(method, args, { signal: this.signal }));
  }

  /**
   * Waits for an answer that holds something on the peer. The request itself is not given up: when nobody waits any
   * more, or the answer makes no sense, what it holds is let go as soon as it comes.
   */
  private async receive<T>(
    answer: Promise<unknown>,
    way: Way,
    read: (parts: readonly unknown[]) => T,
  ): Promise<T> {
    try {
      return read(accepted(await inTime(answer, this.signal)));
    } catch (error) {
      answer.then(
        (late) => {
          const number = heldBy(late);
          // An object that was held before keeps its number.
          if (number !== undefined && number !== way.base) {
            this.releases.add(number);
          }
        },
        () => undefined,
      );
      throw error;
    }
  }
}

/** The way along a path, from its root. @throws ProblemError `ERR_GONE` for what is no path */
export function wayAlong(path: readonly PathStep[]): Way {
  const [root, ...steps] = path;
  if (root?.kind !== 'root') {
    throw goneError('A path begins with a root');
  }
  const wireSteps = steps.map((step) => {
    if (step.kind === 'root') {
      throw goneError('A path has one root');
    }
    return toWireStep(step);
  });
  return { base: root.name, steps: wireSteps };
}

/** The parts of an answer; a refusal is thrown. */
export function accepted(answer: unknown): readonly unknown[] {
  const [status, ...rest] = asTuple(answer, 'answer');
  if (status === 'ok') {
    return rest;
  }
  if (status === 'broken') {
    throw new ReadingFailed(readError(rest[0]));
  }
  const detail = asLine(rest[0], TextLimit.hover);
  switch (status) {
    case 'gone':
      throw goneError(detail);
    case 'unread':
      throw unreadError(detail);
    case 'stale':
      throw new ProblemError({ ...staleHandle(), detail });
    case 'limit':
      throw heldLimitError(detail);
    case 'fixed':
      throw fixedError(detail);
    case 'nosource':
      throw noSourceError(detail);
    case 'noimport':
      throw noImportError(detail);
    case 'undone':
      throw undoneError();
    case 'raised':
      throw raisedError(detail);
    default:
      throw new ShapeError('status');
  }
}

/** The number of the helper's table that an answer begins with, where it does. */
function heldBy(answer: unknown): number | undefined {
  const [status, number] = Array.isArray(answer) ? (answer as unknown[]) : [];
  const isNumber = typeof number === 'number' && Number.isSafeInteger(number) && number > 0;
  return status === 'ok' && isNumber ? number : undefined;
}

/** Settles as `answer` does; rejects as soon as the signal is aborted, or the time for a question is over. */
export async function inTime<T>(answer: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(new AsyncResultTimeout()), QUESTION_SECONDS * 1000);
  const linked = linkSignals(signal, deadline.signal);
  try {
    return await untilAborted(answer, linked.signal);
  } finally {
    clearTimeout(timer);
    linked.dispose();
  }
}

/** The shortest way to an object: from the nearest object above it that is held, else from its root. */
export function wayTo(entry: Entry, { again = false } = {}): Way {
  const steps: WireStep[] = [];
  let at: Entry | undefined = entry;
  while (at !== undefined) {
    // Reading a row again means going through its parent again.
    if (at.held?.kind === 'number' && !(again && at === entry)) {
      return { base: at.held.number, steps };
    }
    if (at.step.kind === 'root') {
      return { base: at.step.name, steps };
    }
    steps.unshift(toWireStep(at.step));
    at = at.parent;
  }
  throw new ProblemError(staleHandle());
}

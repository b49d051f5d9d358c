import {
  type LiveHover,
  type LivePlace,
  type LiveSignature,
  type LiveStep,
  type LiveSuggestion,
  type LiveSuggestions,
  LIVE_TEXT_LIMIT,
} from '../../api/live';
import type { ObjectDetails } from '../../api/model';
import type { Logger } from '../../rpyc/index';
import { accepted } from '../inspect/agentSource';
import { TextLimit, isPlain, pythonString } from '../inspect/preview';
import { ShapeError, asKind, asLine, asLines, asText, asTuple, readDetails } from '../inspect/rows';
import { linkSignals, untilAborted } from '../pool/abort';
import { FairQueue } from '../pool/fairQueue';
import type { Lease } from '../pool/lease';
import { type Asked, askedAt, callAt, isKeyword, nameAt } from './cursor';
import { readSignature } from './signature';

export interface LiveFeaturesOptions {
  /** A connection that answers at once; undefined where there is none. */
  readonly lend: (profileId: string) => Lease | undefined;
  readonly logger: Logger;
  /** Milliseconds within which an answer is of use. */
  readonly budgetMs?: number;
}

export interface SuggestOptions {
  /** Built-in names are suggested, too. */
  readonly builtins?: boolean;
  /** A frame whose names are meant, as the helper knows it. */
  readonly place?: readonly number[] | null;
}

const BUDGET_MS = 500;
/** What nobody waits for any more may still be on its way: after so long it counts as lost. */
const ANSWER_SECONDS = 10;
/** Questions that are on their way to one connection at the same time, those included that nobody waits for. */
const QUESTIONS = 2;
const MAX_SUGGESTIONS = 2000;
const MAX_STEPS = 200;
const MAX_NAME = 1000;
const IDENTIFIER = /^[\p{ID_Start}_][\p{ID_Continue}]*$/u;

/**
 * What a text is told from the live objects of a classic connection while it is written. One round trip for each
 * question, no code of an object's, and no answer at all where it would come late: nobody is kept waiting for it.
 */
export class LiveFeatures {
  private readonly turns = new Map<string, FairQueue>();

  constructor(private readonly options: LiveFeaturesOptions) {}

  /**
   * What the text may go on with.
   *
   * @param signal stops waiting
   * @returns undefined where nothing can be told
   */
  async complete(
    { profileId, before, after }: LivePlace,
    signal?: AbortSignal,
    { builtins = false, place = null }: SuggestOptions = {},
  ): Promise<LiveSuggestions | undefined> {
    const asked = askedAt(before.slice(-LIVE_TEXT_LIMIT));
    if (asked === undefined) {
      return undefined;
    }
    const what = asked.what === 'names' && builtins ? 'globals' : asked.what;
    const answer = await this.ask(profileId, 'suggest', [what, wayTo(asked), asked.prefix, place], signal);
    return this.read(answer, ([more, rows]) => ({
      typed: asked.prefix.length,
      incomplete: more === true,
      found: asTuple(rows, 'list of names')
        .slice(0, MAX_SUGGESTIONS)
        .flatMap((row) => readSuggestion(row, asked, after)),
    }));
  }

  /** More about a suggestion. */
  async explain(
    profileId: string,
    path: readonly LiveStep[],
    signal?: AbortSignal,
  ): Promise<ObjectDetails | undefined> {
    if (!isPath(path)) {
      return undefined;
    }
    return this.read(await this.ask(profileId, 'explain', [path], signal), readDetails);
  }

  /** What the name at a place stands for. */
  async look({ profileId, before, after }: LivePlace, signal?: AbortSignal): Promise<LiveHover | undefined> {
    const text = before.slice(-LIVE_TEXT_LIMIT);
    const found = nameAt(text, after);
    if (found === undefined) {
      return undefined;
    }
    const details = await this.explain(profileId, found.path, signal);
    if (details === undefined) {
      return undefined;
    }
    const back = text.length - found.start;
    return { ...details, name: found.name, back, ahead: found.name.length - back };
  }

  /** What the call around a place takes. */
  async callTip({ profileId, before }: LivePlace, signal?: AbortSignal): Promise<LiveSignature | undefined> {
    const call = callAt(before.slice(-LIVE_TEXT_LIMIT));
    if (call === undefined) {
      return undefined;
    }
    const answer = await this.ask(profileId, 'call_tip', [call.path], signal);
    return this.read(answer, ([name, parts, returns, documentation]) => {
      const text = asLines(documentation, TextLimit.documentation);
      return {
        ...readSignature(
          asLine(name, TextLimit.name),
          asTuple(parts, 'list of parameters').map((part) => asLine(part, TextLimit.name)),
          asLine(returns, TextLimit.name),
          call,
        ),
        ...(text === '' ? {} : { documentation: text }),
      };
    });
  }

  /** The parts of the answer; undefined where there is none in time, or the helper has nothing to tell. */
  private async ask(
    profileId: string,
    method: string,
    args: readonly unknown[],
    signal: AbortSignal | undefined,
  ): Promise<readonly unknown[] | undefined> {
    const either = linkSignals(signal, AbortSignal.timeout(this.options.budgetMs ?? BUDGET_MS));
    try {
      return await untilAborted(this.askInTurn(profileId, method, args, either.signal), either.signal);
    } catch (error) {
      this.options.logger.debug(`Nothing is told by ${method}: ${String(error)}`);
      return undefined;
    } finally {
      either.dispose();
    }
  }

  private async askInTurn(
    profileId: string,
    method: string,
    args: readonly unknown[],
    signal: AbortSignal,
  ): Promise<readonly unknown[] | undefined> {
    if (this.options.lend(profileId)?.agent === undefined) {
      return undefined;
    }
    const queue = this.turns.get(profileId) ?? new FairQueue(QUESTIONS);
    this.turns.set(profileId, queue);
    const turn = await queue.acquire(signal);
    try {
      // The connection may have gone, or a run have begun, meanwhile.
      const agent = this.options.lend(profileId)?.agent;
      const answer = await agent?.ask(method, args, { timeoutSeconds: ANSWER_SECONDS });
      return answer === undefined ? undefined : accepted(answer);
    } finally {
      turn.dispose();
      if (queue.inUse === 0 && queue.waiting === 0) {
        this.turns.delete(profileId);
      }
    }
  }

  /** A wrong answer is no answer. */
  private read<T>(
    parts: readonly unknown[] | undefined,
    read: (parts: readonly unknown[]) => T,
  ): T | undefined {
    try {
      return parts === undefined ? undefined : read(parts);
    } catch (error) {
      if (error instanceof ShapeError) {
        this.options.logger.warn(error.message);
        return undefined;
      }
      throw error;
    }
  }
}

/** Where the helper is to look for names. */
function wayTo(asked: Asked): readonly LiveStep[] {
  switch (asked.what) {
    case 'names':
      return [];
    case 'attributes':
    case 'keys':
      return asked.path;
    case 'modules':
      return [['m', asked.package]];
    case 'members':
      return [['m', asked.module]];
  }
}

/** `(name, kind, type name)` of the helper; none where the name cannot be written there. */
function readSuggestion(row: unknown, asked: Asked, after: string): readonly LiveSuggestion[] {
  const [first, kind, typeName] = asTuple(row, 'name');
  const name = asText(first, 'name').slice(0, MAX_NAME);
  const known = { kind: asKind(kind), typeName: asLine(typeName, TextLimit.type) };
  if (asked.what === 'keys') {
    const literal = pythonString(name, asked.quote === '' ? undefined : asked.quote);
    const isClosed = asked.quote !== '' && after.startsWith(asked.quote);
    const text = asked.quote === '' ? literal : literal.slice(1, isClosed ? -1 : undefined);
    const shown = asked.quote === '' ? literal : literal.slice(1, -1);
    return isPlain(name) ? [{ name: shown, text, ...known, path: [...asked.path, ['s', name]] }] : [];
  }
  if (!IDENTIFIER.test(name) || isKeyword(name)) {
    return [];
  }
  const path =
    asked.what === 'modules' ? moduleStep(asked.package, name) : [...wayTo(asked), ['a', name] as const];
  return [{ name, text: name, ...known, path }];
}

function moduleStep(parent: string, name: string): readonly LiveStep[] {
  return [['m', parent === '' ? name : `${parent}.${name}`]];
}

/** What a suggestion brought, and comes back with a question about it. */
function isPath(path: unknown): boolean {
  return (
    Array.isArray(path) &&
    path.length > 0 &&
    path.length <= MAX_STEPS &&
    path.every((step: unknown) => {
      const [kind, value] = Array.isArray(step) ? (step as unknown[]) : [];
      const isText = typeof value === 'string' && value.length <= MAX_NAME;
      return kind === 's' ? isText || Number.isSafeInteger(value) : (kind === 'a' || kind === 'm') && isText;
    })
  );
}

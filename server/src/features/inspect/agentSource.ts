import type { ObjectDetails, PathStep } from '../../api/model';
import type { Agent } from '../agent';
import { ProblemError, staleHandle } from '../problem';
import type { Entry, Held } from './handleTable';
import { TextLimit } from './preview';
import {
  type RowFacts,
  ShapeError,
  type WireStep,
  asCount,
  asLine,
  asLines,
  asText,
  asTuple,
  readPage,
  readRow,
  toWireStep,
} from './rows';
import type { ObjectSource, PageQuery, PartFacts, SourcePage, SourceText } from './source';
import { goneError, unreadError } from './treeProblems';

/** Where a walk on the peer begins, and its steps. */
interface Way {
  readonly base: string | number;
  readonly steps: readonly WireStep[];
}

/** Looks at objects through the helper: one round trip for whatever is asked. */
export class AgentSource implements ObjectSource {
  /**
   * @param takeReleased numbers of the helper's table that need not be held any more; they travel with a page
   */
  constructor(
    private readonly agent: Agent,
    private readonly takeReleased: () => readonly number[],
    private readonly signal: AbortSignal | undefined,
  ) {}

  async page(entry: Entry, { offset, limit, filter }: PageQuery): Promise<SourcePage> {
    const { base, steps } = wayTo(entry);
    const answer = await this.ask('page', [this.takeReleased(), base, steps, offset, limit, filter]);
    const [number, total, more, note, rows] = answer;
    const held = asCount(number, 'number');
    const page = readPage(total, more, note, rows);
    return {
      ...page,
      parts: page.rows.map((facts) => ({ facts })),
      // Roots are found by name, and nothing is held for them.
      ...(held === 0 ? {} : { held: { kind: 'number', number: held } }),
    };
  }

  async resolve(path: readonly PathStep[]): Promise<readonly RowFacts[]> {
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
    const [rows] = await this.ask('resolve', [root.name, wireSteps]);
    const facts = asTuple(rows, 'list of rows').map(readRow);
    if (facts.length !== steps.length) {
      throw new ShapeError('number of rows');
    }
    return facts;
  }

  async describe(entry: Entry): Promise<ObjectDetails> {
    const { base, steps } = wayTo(entry);
    const [typeName, signature, documentation, value, length] = await this.ask('describe', [base, steps]);
    const shown = {
      signature: asLine(signature, TextLimit.hover),
      documentation: asLines(documentation, TextLimit.documentation),
      value: asLine(value, TextLimit.hover),
    };
    return {
      typeName: asLine(typeName, TextLimit.type),
      ...(shown.signature === '' ? {} : { signature: shown.signature }),
      ...(shown.documentation === '' ? {} : { documentation: shown.documentation }),
      ...(shown.value === '' ? {} : { value: shown.value }),
      ...(length === null ? {} : { length: asCount(length, 'length') }),
    };
  }

  async read(entry: Entry): Promise<PartFacts> {
    if (entry.step.kind === 'root') {
      return { facts: entry.facts };
    }
    const { base, steps } = wayTo(entry, { again: true });
    const [number, row] = await this.ask('read', [base, steps]);
    const held: Held = { kind: 'number', number: asCount(number, 'number') };
    return { facts: { ...readRow(row), reachable: entry.facts.reachable, step: entry.step }, held };
  }

  async text(entry: Entry, limit: number): Promise<SourceText> {
    const { base, steps } = wayTo(entry);
    const [text, truncated] = await this.ask('text', [base, steps, limit]);
    return { text: asText(text, 'text').slice(0, limit), truncated: truncated === true };
  }

  /** Asks, and takes the helper's refusals for what they are. */
  private async ask(method: string, args: readonly unknown[]): Promise<readonly unknown[]> {
    const answer = await this.agent.ask(method, args, { signal: this.signal });
    const [status, ...rest] = asTuple(answer, 'answer');
    if (status === 'ok') {
      return rest;
    }
    const detail = asLine(rest[0], TextLimit.hover);
    switch (status) {
      case 'gone':
        throw goneError(detail);
      case 'unread':
        throw unreadError(detail);
      case 'stale':
      case 'limit':
        throw new ProblemError({ ...staleHandle(), detail });
      default:
        throw new ShapeError('status');
    }
  }
}

/** The shortest way to an object: from the nearest object above it that is held, else from its root. */
function wayTo(entry: Entry, { again = false } = {}): Way {
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

import type { CallParameter, CallSignature, ParameterKind } from '../../api/changes';
import type { Agent } from '../agent';
import { readError } from '../run/runError';
import { accepted, wayTo } from './agentSource';
import type { Entry } from './handleTable';
import type { Changed, ObjectChanger, Outcome, RunTies, Taken, Undo } from './objectChanger';
import { TextLimit } from './preview';
import { type RowFacts, ShapeError, asCount, asLine, asText, asTuple, readRow } from './rows';
import { undoneError } from './treeProblems';

/** Code of the objects runs, for as long as it takes. */
const ENDLESS = { timeoutSeconds: null } as const;

const KINDS: ReadonlySet<string> = new Set<ParameterKind>([
  'positional',
  'any',
  'values',
  'named',
  'mapping',
]);
const MAX_PARAMETERS = 200;
const ENDINGS: ReadonlySet<string> = new Set<Taken['ending']>([
  'count',
  'exhausted',
  'time',
  'size',
  'error',
]);

/** Changes objects through the helper: one request each. */
export class AgentChanger implements ObjectChanger {
  constructor(private readonly agent: Agent) {}

  async set(entry: Entry, source: string): Promise<Outcome<Changed>> {
    const { base, steps } = wayTo(entry, { again: true });
    return readChange(await this.ask('change', [base, steps, source]));
  }

  async delete(entry: Entry): Promise<Outcome<Changed>> {
    const { base, steps } = wayTo(entry, { again: true });
    return readChange(await this.ask('delete', [base, steps]));
  }

  async undo(undo: Undo): Promise<Outcome<undefined>> {
    if (undo.kind !== 'number') {
      throw undoneError();
    }
    const [error] = await this.ask('undo', [undo.number]);
    return error === null ? { value: undefined } : { error: readError(error) };
  }

  async signature(entry: Entry): Promise<CallSignature> {
    const { base, steps } = wayTo(entry);
    const [text, parameters] = await this.ask('signature', [base, steps]);
    return {
      text: asLine(text, TextLimit.hover),
      accepts: 'expressions',
      ...(parameters === null
        ? {}
        : {
            parameters: asTuple(parameters, 'list of parameters').slice(0, MAX_PARAMETERS).map(readParameter),
          }),
    };
  }

  async call(
    entry: Entry,
    source: string,
    { emit, callId, ask, perform }: RunTies,
  ): Promise<Outcome<RowFacts | undefined>> {
    const { base, steps } = wayTo(entry);
    const what = `${entry.facts.name}(${source.trim()})`;
    const args = [base, steps, source, what, emit, callId, ask];
    const [, row, error] = accepted(await perform(this.agent, 'call', args));
    if (error !== null) {
      return { error: readError(error) };
    }
    return { value: row === null ? undefined : readRow(row) };
  }

  async take(entry: Entry, count: number, { emit, callId, ask, perform }: RunTies): Promise<Taken> {
    const { base, steps } = wayTo(entry);
    const args = [base, steps, count, entry.facts.name, emit, callId, ask];
    const [row, taken, ending, error] = accepted(await perform(this.agent, 'take', args));
    if (typeof ending !== 'string' || !ENDINGS.has(ending)) {
      throw new ShapeError('ending');
    }
    return {
      taken: asCount(taken, 'count'),
      ending: ending as Taken['ending'],
      ...(row === null ? {} : { facts: readRow(row) }),
      ...(error === null ? {} : { error: readError(error) }),
    };
  }

  private async ask(method: string, args: readonly unknown[]): Promise<readonly unknown[]> {
    return accepted(await this.agent.ask(method, args, ENDLESS));
  }
}

function readChange([done, error]: readonly unknown[]): Outcome<Changed> {
  if (done === null) {
    return { error: readError(error) };
  }
  const [before, after, number, row] = asTuple(done, 'change');
  const undo = asCount(number, 'number');
  return {
    value: {
      before: asLine(before, TextLimit.value),
      after: asLine(after, TextLimit.value),
      ...(undo === 0 ? {} : { undo: { kind: 'number', number: undo } }),
      ...(row === null ? {} : { facts: readRow(row) }),
    },
  };
}

function readParameter(value: unknown): CallParameter {
  const [name, kind, optional, text, literal] = asTuple(value, 'parameter');
  if (typeof kind !== 'string' || !KINDS.has(kind)) {
    throw new ShapeError('parameter');
  }
  const isVariable = kind === 'values' || kind === 'mapping';
  return {
    name: asLine(name, TextLimit.name),
    kind: kind as ParameterKind,
    required: optional !== true && !isVariable,
    literal: literal === true,
    ...(optional === true ? { default: asText(text, 'default').slice(0, TextLimit.hover) } : {}),
  };
}

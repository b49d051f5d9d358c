import type { InterruptResult, ObjectNode } from '../../api/model';
import {
  type BrineValue,
  type Disposable,
  type Netref,
  RemoteError,
  RequestAborted,
  RpycError,
  dir,
  inspectMethods,
  isNetref,
  release,
  repr,
} from '../../rpyc/index';
import { Evaluation, FIXED_NAMES } from '../expression/evaluation';
import { type Statement, readExpression, readStatements } from '../expression/syntax';
import type { ObjectTree } from '../inspect/objectTree';
import { multiLine, valueText } from '../inspect/preview';
import { memberNames, memberTitle, typeNameOf, valueFacts } from '../inspect/remoteRows';
import { lostMeanwhile } from '../inspect/treeProblems';
import type { Lease, LeasePurpose } from '../pool/lease';
import { ProblemError, cancelled } from '../problem';
import type { Failures } from '../run/failures';
import { errorOf } from '../run/runError';
import {
  notReadByLookingError,
  serviceWatchedOnProductionError,
  watchedOnProductionError,
} from './consoleProblems';
import { readNamePath, unfinishedAt } from './namePath';
import {
  type Completions,
  type ConsoleOutcome,
  type ConsoleScope,
  type ConsoleValue,
  NO_COMPLETIONS,
  type RemoteConsole,
} from './remoteConsole';

export interface ServiceConsoleOptions {
  readonly profileId: string;
  readonly generation: number;
  /** What the user calls the connection. */
  readonly label: string;
  readonly lend: (profileId: string, purpose: LeasePurpose, signal?: AbortSignal) => Promise<Lease>;
  readonly tree: ObjectTree;
  readonly failures: Failures;
  /** What runs there matters: nothing is called by itself. */
  readonly isProduction: () => boolean;
}

/** Characters of a result, and of a text that is copied. */
const RESULT_LIMIT = 100_000;
const COPY_LIMIT = 10_000_000;
const MAX_NAMES = 1000;

const ENDLESS = { timeoutSeconds: null } as const;

/**
 * The console of a strict service, to which no code can be sent: expressions over `root` are read here and carried out
 * by plain requests under the policy of the service. What is given a name stays until the session ends.
 */
export class ServiceConsole implements RemoteConsole {
  private readonly names = new Map<string, unknown>();
  private readonly members = new Map<string, ReadonlySet<string>>();
  private readonly running = new Set<AbortController>();
  private readonly keeping: Disposable;
  private root: Netref | undefined;

  constructor(private readonly options: ServiceConsoleOptions) {
    this.keeping = options.tree.keepHeld((netref) => this.keeps(netref));
  }

  async scopes(): Promise<readonly ConsoleScope[]> {
    const { tree, profileId } = this.options;
    const parts = [...this.names].map(([name, value]) => this.adopt(value, name, name));
    const node = await tree.resolve(profileId, [{ kind: 'root', name: 'service' }]);
    return [
      { name: 'Names', parts, expensive: false },
      { name: node.name, node, expensive: false },
    ];
  }

  run(source: string): Promise<ConsoleOutcome> {
    return this.perform(readStatements(source), source);
  }

  async watch(expression: string): Promise<ConsoleOutcome> {
    if (this.options.isProduction()) {
      return { status: 'done', value: await this.watchedByName(expression) };
    }
    return this.perform([{ kind: 'expression', value: readExpression(expression) }], expression, true);
  }

  look(path: string): Promise<ConsoleValue> {
    const name = path.trim();
    const value = name === 'root' ? this.root : this.names.get(name);
    if (value === undefined) {
      throw notReadByLookingError();
    }
    const node = this.adopt(value, name, name);
    return Promise.resolve({ node, text: node.value });
  }

  /** Each attribute may be a property, which nothing but the user may run there. */
  private async watchedByName(expression: string): Promise<ConsoleValue> {
    const name = expression.trim();
    if (name !== 'root' && !this.names.has(name)) {
      throw serviceWatchedOnProductionError();
    }
    if (name === 'root' && this.root === undefined) {
      // Known since the connection was made.
      await this.lent(() => Promise.resolve());
    }
    return this.look(name);
  }

  async text(expression: string): Promise<string> {
    if (this.options.isProduction() && readNamePath(expression) === undefined) {
      throw watchedOnProductionError();
    }
    const parsed = readExpression(expression);
    return this.lent(async (evaluation, signal) => {
      const value = await evaluation.value(parsed);
      return isNetref(value)
        ? multiLine(await repr(value, { ...ENDLESS, signal }), COPY_LIMIT)
        : multiLine(valueText(value as BrineValue, COPY_LIMIT), COPY_LIMIT);
    });
  }

  async complete(textBefore: string, signal?: AbortSignal): Promise<Completions> {
    const unfinished = unfinishedAt(textBefore);
    if (unfinished === undefined || unfinished.kind === 'key') {
      return NO_COMPLETIONS;
    }
    const { steps, prefix } = unfinished;
    const begins = (name: string): boolean => name.toLowerCase().startsWith(prefix.toLowerCase());
    const [first, ...deeper] = steps;
    if (first === undefined) {
      const names = [...this.names.keys(), ...FIXED_NAMES].filter(begins);
      return { typed: prefix.length, found: names.map((name) => ({ name, kind: 'object' })) };
    }
    const lease = await this.options.lend(this.options.profileId, 'explore', signal);
    try {
      const object =
        first[1] === 'root' && !this.names.has('root')
          ? ((await lease.connection.root) as Netref)
          : this.names.get(String(first[1]));
      // What stands deeper would have to be read first.
      if (!isNetref(object) || deeper.length > 0) {
        return NO_COMPLETIONS;
      }
      return { typed: prefix.length, found: await this.membersOf(object, begins, signal) };
    } finally {
      lease.dispose();
    }
  }

  async assign(target: string, source: string): Promise<ConsoleOutcome> {
    return this.perform(readStatements(`${target} = ${source}\n${target}`), target);
  }

  /** The peer cannot be stopped: what is given up here goes on there. */
  interrupt(): Promise<InterruptResult | undefined> {
    const [oldest] = this.running;
    oldest?.abort(new ProblemError(cancelled()));
    return Promise.resolve(oldest === undefined ? undefined : { outcome: 'waiting' });
  }

  dispose(): void {
    for (const controller of this.running) {
      controller.abort(new ProblemError(cancelled()));
    }
    this.keeping.dispose();
    const values = [...this.names.values()];
    this.names.clear();
    this.giveBack(values);
  }

  private async perform(
    statements: readonly Statement[],
    source: string,
    short = false,
  ): Promise<ConsoleOutcome> {
    try {
      return await this.lent(async (evaluation, signal) => {
        const last = await evaluation.run(statements);
        if (last === undefined || last.value === undefined) {
          return { status: 'done' };
        }
        const { value } = last;
        const text = value === null && !short ? '' : await this.textOf(value, short, signal);
        // Only what can be had again by its names is called by them.
        const path = isNetref(value) && readNamePath(source) !== undefined ? source.trim() : undefined;
        return { status: 'done', value: { node: this.adopt(value, '', path), text } };
      });
    } catch (error) {
      if (error instanceof RemoteError) {
        const { profileId, generation, failures } = this.options;
        return { status: 'error', error: failures.keep({ profileId, generation }, errorOf(error)) };
      }
      throw error;
    }
  }

  private async textOf(value: unknown, short: boolean, signal: AbortSignal): Promise<string> {
    if (!isNetref(value)) {
      return multiLine(valueText(value as BrineValue, RESULT_LIMIT), RESULT_LIMIT);
    }
    return short
      ? `<${typeNameOf(value)}>`
      : multiLine(await repr(value, { ...ENDLESS, signal }), RESULT_LIMIT);
  }

  /** Lends the connection for one evaluation, and gives back what nobody needs after it. */
  private async lent<T>(use: (evaluation: Evaluation, signal: AbortSignal) => Promise<T>): Promise<T> {
    const { profileId, label, lend, tree } = this.options;
    const controller = new AbortController();
    const { signal } = controller;
    this.running.add(controller);
    try {
      const lease = await lend(profileId, 'call', signal);
      const { connection } = lease;
      try {
        this.root = (await connection.root) as Netref;
        const evaluation = new Evaluation({
          request: (handler, args) => connection.request(handler, args, { ...ENDLESS, signal }),
          root: this.root,
          names: this.names,
          policy: tree.policyOf(profileId),
          members: this.members,
          label,
          signal,
        });
        try {
          return await use(evaluation, signal);
        } finally {
          this.giveBack([...evaluation.met]);
        }
      } finally {
        lease.dispose();
      }
    } catch (error) {
      const isLoss =
        error instanceof RpycError && !(error instanceof RemoteError) && !(error instanceof RequestAborted);
      throw isLoss ? lostMeanwhile(label, `${error.code}: ${error.message}`) : error;
    } finally {
      this.running.delete(controller);
    }
  }

  private async membersOf(
    object: Netref,
    begins: (name: string) => boolean,
    signal: AbortSignal | undefined,
  ): Promise<Completions['found']> {
    const options = signal === undefined ? {} : { signal };
    const [listed, methods] = await Promise.all([dir(object, options), inspectMethods(object, options)]);
    const subject = { typeName: typeNameOf(object), names: new Set(listed) };
    const policy = this.options.tree.policyOf(this.options.profileId);
    return memberNames(listed)
      .filter((name) => policy.obstacleTo(subject, name) === undefined && begins(memberTitle(name)))
      .slice(0, MAX_NAMES)
      .map((name) => ({ name: memberTitle(name), kind: methods.has(name) ? 'method' : 'property' }));
  }

  private adopt(value: unknown, name: string, expression: string | undefined): ObjectNode {
    const { tree, profileId, generation } = this.options;
    const part = valueFacts({ kind: 'attr', name }, name, value);
    return tree.adopt({ profileId, generation }, part, expression);
  }

  private keeps(netref: Netref): boolean {
    return netref === this.root || [...this.names.values()].some((value) => holds(value, netref));
  }

  private giveBack(values: readonly unknown[]): void {
    for (const value of values) {
      if (
        isNetref(value) &&
        value !== this.root &&
        !this.options.tree.isHeld(this.options.profileId, value)
      ) {
        void release(value);
      } else if (Array.isArray(value)) {
        this.giveBack(value);
      }
    }
  }
}

function holds(value: unknown, netref: Netref): boolean {
  return value === netref || (Array.isArray(value) && value.some((item) => holds(item, netref)));
}

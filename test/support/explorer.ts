/** A tree and a runner over a pool with one connected profile, as the background process puts them together. */
import type {
  InterruptResult,
  ObjectNode,
  ObjectPage,
  Profile,
  RunOutput,
  RunResult,
} from '../../server/src/api/model';
import { ObjectTree, type ObjectTreeOptions } from '../../server/src/features/inspect/objectTree';
import { LiveFeatures } from '../../server/src/features/live/liveFeatures';
import type { ConnectionPool } from '../../server/src/features/pool/connectionPool';
import type { AskUser } from '../../server/src/features/run/runInput';
import type { WireLedger } from '../../server/src/features/pool/wireLedger';
import { Failures } from '../../server/src/features/run/failures';
import { RunsInProgress } from '../../server/src/features/run/runsInProgress';
import { SnippetRunner } from '../../server/src/features/run/snippetRunner';
import { silentLogger } from '../../server/src/rpyc/index';
import { type Address, TestPool, profileTo } from './pool';

export const FILE_NAME = '/editor/snippet.py';

export class Explorer implements AsyncDisposable {
  /** What all runs have printed, oldest first. */
  readonly output: RunOutput[] = [];
  readonly tree: ObjectTree;
  readonly runner: SnippetRunner;
  readonly runs: RunsInProgress;
  readonly failures = new Failures();
  /** What completes a text from live objects. */
  readonly live = (): Promise<LiveFeatures> =>
    Promise.resolve(new LiveFeatures({ lend: this.pool.lendNow.bind(this.pool), logger: silentLogger }));
  readonly states: TestPool['states'];
  /** What runs are answered that read a line, and what they have asked. */
  readonly questions: string[] = [];
  answers: AskUser = () => Promise.resolve(null);
  private lastRun = 0;

  private readonly askUser: AskUser = (question, signal) => {
    this.questions.push(question.prompt);
    return this.answers(question, signal);
  };

  private constructor(
    private readonly test: TestPool,
    options: Partial<ObjectTreeOptions>,
  ) {
    const { pool, states } = test;
    const lend = pool.lend.bind(pool);
    const label = (): string => 'Lab';
    this.states = states;
    this.runs = new RunsInProgress({ lendBeside: pool.lendBeside.bind(pool), label, askUser: this.askUser });
    this.tree = new ObjectTree({
      epoch: 'test',
      lend,
      state: pool.state.bind(pool),
      label,
      runs: this.runs,
      ledger: test.ledger,
      failures: this.failures,
      logger: silentLogger,
      ...options,
    });
    const adopt = this.tree.adopt.bind(this.tree);
    this.runner = new SnippetRunner({
      lend,
      runs: this.runs,
      label,
      failures: this.failures,
      adopt,
      logger: silentLogger,
    });
    this.runner.onDidProduceOutput((output) => this.output.push(output));
  }

  /** Connects to a server. */
  static async connect(
    server: Address,
    { profile = {}, tree = {} }: { profile?: Partial<Profile>; tree?: Partial<ObjectTreeOptions> } = {},
  ): Promise<Explorer> {
    const explorer = new Explorer(new TestPool([profileTo(server, profile)]), tree);
    try {
      await explorer.pool.connect('p');
    } catch (error) {
      await explorer[Symbol.asyncDispose]();
      throw error;
    }
    return explorer;
  }

  get pool(): ConnectionPool {
    return this.test.pool;
  }

  get ledger(): WireLedger {
    return this.test.ledger;
  }

  /** Everything that was printed, of one stream or of both. */
  printed(stream?: RunOutput['stream']): string {
    return this.output
      .filter((output) => stream === undefined || output.stream === stream)
      .map(({ text }) => text)
      .join('');
  }

  /** Runs source; what is held of its value is let go. */
  async run(source: string, signal?: AbortSignal): Promise<RunResult> {
    const { held, ...result } = await this.runAndHold(source, signal);
    this.tree.release([held?.value, held?.shown?.handle].filter((handle) => handle !== undefined));
    return result;
  }

  /** As `run`; the value is held until its handles are released. */
  runAndHold(source: string, signal?: AbortSignal): Promise<RunResult> {
    this.lastRun += 1;
    const runId = `run-${this.lastRun}`;
    return this.runner.run({ profileId: 'p', runId, source, fileName: FILE_NAME, lineOffset: 0 }, signal);
  }

  /** Stops the run that was begun last. */
  interrupt(insist = false): Promise<InterruptResult> {
    return this.runs.interrupt({ profileId: 'p', runId: `run-${this.lastRun}`, insist });
  }

  /** Runs source that must not fail, and gives the text of its value. */
  async value(source: string): Promise<string | undefined> {
    const result = await this.run(source);
    if (result.status !== 'done') {
      throw new Error(result.error?.traceback ?? `The run ended as ${result.status}`);
    }
    return result.value;
  }

  /** A root of the tree. */
  root(name: string): ObjectNode {
    return named(this.tree.roots('p'), name);
  }

  page(node: ObjectNode, offset = 0, limit = 100, filter = ''): Promise<ObjectPage> {
    return this.tree.children({ handle: node.handle, offset, limit, filter });
  }

  /** As the tree asks: methods, private and special names come as one row each. */
  grouped(node: ObjectNode, offset = 0, limit = 100): Promise<ObjectPage> {
    return this.tree.children({ handle: node.handle, offset, limit, groups: true });
  }

  /** The row that one comes to by opening these rows, one after the other. */
  async find(rootName: string, ...names: readonly string[]): Promise<ObjectNode> {
    let node = this.root(rootName);
    for (const name of names) {
      node = named((await this.page(node, 0, 500, node.kind === 'list' ? '' : name)).nodes, name);
    }
    return node;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.test[Symbol.asyncDispose]();
  }
}

export function named(nodes: readonly ObjectNode[], name: string): ObjectNode {
  const found = nodes.find((node) => node.name === name);
  if (found === undefined) {
    throw new Error(`No row ${name} among ${nodes.map((node) => node.name).join(', ')}`);
  }
  return found;
}

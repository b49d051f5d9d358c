/** A process that measures: of ours in Node, or Python's. One line of JSON asks, one line of JSON answers. */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';

import { pythonEnv, type RpycVersion } from '../support/pythonPeer';
import { REPOSITORY } from '../support/tools';
import { summarise, type Summary } from './stats';

const PYTHON_DRIVER = path.join(REPOSITORY, 'test/bench/python/driver.py');
const NODE_DRIVER = path.join(__dirname, 'nodeDriver.js');

export interface Task {
  readonly task: string;
  readonly [parameter: string]: unknown;
}

interface Answer {
  readonly samples?: readonly number[];
  readonly cpuSeconds?: number;
  readonly port?: number;
  readonly error?: string;
}

export interface DriverOptions {
  /** Keeps the process on the first core, with whom it talks to. */
  readonly pinned: boolean;
}

export class Driver implements AsyncDisposable {
  private readonly lines: AsyncIterator<string>;
  private errors = '';

  private constructor(
    private readonly name: string,
    private readonly child: ChildProcessWithoutNullStreams,
  ) {
    child.stderr
      .setEncoding('utf8')
      .on('data', (text: string) => (this.errors = (this.errors + text).slice(-4000)));
    child.stdin.on('error', () => undefined);
    this.lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  static python(version: RpycVersion, options: DriverOptions, args: readonly string[] = []): Driver {
    const { python, env } = pythonEnv(version);
    return Driver.start(
      `Python's driver with rpyc ${version}`,
      [python, PYTHON_DRIVER, ...args],
      options,
      env,
    );
  }

  static node(options: DriverOptions, args: readonly string[] = []): Driver {
    return Driver.start('the driver in Node', [process.execPath, NODE_DRIVER, ...args], options, process.env);
  }

  private static start(
    name: string,
    command: readonly string[],
    { pinned }: DriverOptions,
    env: NodeJS.ProcessEnv,
  ): Driver {
    const [program = '', ...args] = pinned ? [...PIN, ...command] : command;
    return new Driver(name, spawn(program, args, { env }));
  }

  /** The port of a driver that serves. */
  async port(): Promise<number> {
    const { port } = await this.answer();
    if (port === undefined) throw new Error(`${this.name} does not serve`);
    return port;
  }

  async run(task: Task): Promise<{ readonly samples: readonly number[]; readonly cpuSeconds: number }> {
    this.child.stdin.write(`${JSON.stringify(task)}\n`);
    const { samples = [], cpuSeconds = 0 } = await this.answer();
    return { samples, cpuSeconds };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }

  private async answer(): Promise<Answer> {
    const line: IteratorResult<string, unknown> = await this.lines.next();
    if (line.done === true) throw new Error(`${this.name} has ended\n${this.errors}`);
    const answer = JSON.parse(line.value) as Answer;
    if (answer.error !== undefined) throw new Error(`${this.name} failed: ${answer.error}`);
    return answer;
  }
}

const PIN = ['taskset', '-c', '0'];

/** Keeps a process that runs already on the first core. */
export function pin(pid: number): void {
  const { status, stderr } = spawnSync('taskset', ['-a', '-c', '-p', '0', String(pid)], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`taskset cannot pin process ${pid}: ${stderr}`);
}

/** Turns in which the compiler of V8 finds out what is hot; it shares the core with what is measured. */
const WARM_UP = 3;

export interface Side {
  readonly driver: Driver;
  readonly task: Task;
}

/**
 * Lets both sides measure in turn, so that what else the machine does meets both. The first turns of each warm up.
 *
 * @param rounds turns of each side that count
 */
export async function interleave(sides: readonly Side[], rounds: number): Promise<readonly Summary[]> {
  const all = sides.map(() => ({ samples: [] as number[], cpuSeconds: 0 }));
  for (let round = -WARM_UP; round < rounds; round++) {
    for (const [index, { driver, task }] of sides.entries()) {
      const { samples, cpuSeconds } = await driver.run(task);
      const side = all[index];
      if (round < 0 || side === undefined) continue;
      side.samples.push(...samples);
      side.cpuSeconds += cpuSeconds;
    }
  }
  return all.map(({ samples, cpuSeconds }) => summarise(samples, (cpuSeconds * 1e6) / samples.length));
}

import assert from 'node:assert/strict';

import { ProcessKeeper } from '../../../client/src/processKeeper';
import type { BackendStatus, KeptProcess } from '../../../client/src/processKeeper';

/** A process that is started, ended and killed by hand. */
class HandProcess implements KeptProcess {
  readonly ready: Promise<void>;
  readonly ended: Promise<void>;
  fail: (error: Error) => void = () => undefined;
  becomeReady: () => void = () => undefined;
  finishEnd: () => void = () => undefined;
  endAsked = 0;

  constructor(
    readonly unwanted: AbortSignal,
    readonly die: () => void,
  ) {
    this.ready = new Promise((resolve, reject) => {
      this.becomeReady = resolve;
      this.fail = reject;
    });
    this.ended = new Promise((resolve) => {
      this.finishEnd = resolve;
    });
  }

  end(): Promise<void> {
    this.endAsked += 1;
    return this.ended;
  }
}

class Bench {
  readonly processes: HandProcess[] = [];
  readonly events: string[] = [];
  launchError: Error | undefined;

  readonly keeper = new ProcessKeeper<HandProcess>({
    launch: async (unwanted, died) => {
      if (this.launchError !== undefined) {
        throw this.launchError;
      }
      const process = new HandProcess(unwanted, died);
      this.processes.push(process);
      await process.ready;
      return process;
    },
    givenUp: () => new Error('given up'),
    stopped: () => new Error('stopped'),
    notStarted: (cause) => new Error(`not started: ${String(cause)}`),
    onDidChangeStatus: (status: BackendStatus) => this.events.push(status),
    onDidStart: () => this.events.push('started'),
    onDidEnd: () => this.events.push('ended'),
    warn: () => undefined,
    crashes: 3,
    crashWindowMs: 60_000,
    stopTimeoutMs: 20,
  });

  process(number: number): HandProcess {
    const found = this.processes[number];
    assert.ok(found !== undefined, `Process ${number} was not started`);
    return found;
  }

  async ready(number: number): Promise<HandProcess> {
    const asked = this.keeper.ensure();
    await turn();
    this.process(number).becomeReady();
    return asked;
  }
}

/** Lets all promises that are ready go on. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('The keeper of the background process', () => {
  it('starts one process for all who ask', async () => {
    const bench = new Bench();
    const [first, second] = await Promise.all([bench.ready(0), bench.keeper.ensure()]);
    assert.equal(first, second);
    assert.deepEqual(bench.events, ['starting', 'running', 'started']);
  });

  it('starts it again after a crash, and gives up after three', async () => {
    const bench = new Bench();
    for (let crash = 0; crash < 3; crash++) {
      (await bench.ready(crash)).die();
      await turn();
    }
    assert.equal(bench.processes.length, 3);
    assert.equal(bench.keeper.status, 'givenUp');
    await assert.rejects(bench.keeper.ensure(), /given up/);
    assert.ok(bench.processes.every(({ unwanted }) => unwanted.aborted));
  });

  it('gives up on a program that cannot be loaded, and tries anew when asked to', async () => {
    const bench = new Bench();
    bench.launchError = new Error('no such chunk');
    await assert.rejects(bench.keeper.ensure(), /not started: Error: no such chunk/);
    await turn();
    assert.equal(bench.keeper.status, 'givenUp');
    bench.launchError = undefined;
    const restarted = bench.keeper.restart();
    await turn();
    bench.process(0).becomeReady();
    await restarted;
    assert.equal(bench.keeper.status, 'running');
  });

  it('tells the end before it stops a healthy process, which has no more say then', async () => {
    const bench = new Bench();
    const first = await bench.ready(0);
    bench.events.length = 0;
    const restarted = bench.keeper.restart();
    assert.deepEqual(bench.events, ['stopped', 'ended']);
    assert.equal(first.unwanted.aborted, true);
    assert.equal(bench.keeper.live, undefined);
    first.die();
    first.finishEnd();
    await turn();
    bench.process(1).becomeReady();
    await restarted;
    assert.deepEqual(bench.events, ['stopped', 'ended', 'starting', 'running', 'started']);
  });

  it('starts no second process before the first one has stopped', async () => {
    const bench = new Bench();
    const first = await bench.ready(0);
    const stopped = bench.keeper.stop();
    const asked = bench.keeper.ensure();
    await turn();
    assert.equal(bench.processes.length, 1);
    first.finishEnd();
    await stopped;
    await turn();
    bench.process(1).becomeReady();
    assert.equal(await asked, bench.process(1));
    assert.equal(bench.keeper.status, 'running');
  });

  it('stops although a start never comes to an end, and ends that one when it does', async () => {
    const bench = new Bench();
    const asked = bench.keeper.ensure();
    asked.catch(() => undefined);
    await turn();
    await bench.keeper.stop();
    assert.equal(bench.keeper.status, 'stopped');
    const late = bench.process(0);
    assert.equal(late.unwanted.aborted, true);
    late.becomeReady();
    late.finishEnd();
    await assert.rejects(asked, /stopped/);
    assert.equal(late.endAsked, 1);
    assert.equal(bench.keeper.live, undefined);
  });

  it('restarts once for two who ask at the same time', async () => {
    const bench = new Bench();
    const first = await bench.ready(0);
    const both = Promise.all([bench.keeper.restart(), bench.keeper.restart()]);
    first.finishEnd();
    await turn();
    bench.process(1).becomeReady();
    await both;
    assert.equal(bench.processes.length, 2);
  });

  it('starts nothing once it is disposed of', async () => {
    const bench = new Bench();
    bench.keeper.dispose();
    await assert.rejects(bench.keeper.ensure(), /stopped/);
  });
});

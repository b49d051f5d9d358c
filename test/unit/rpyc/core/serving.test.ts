/** What waits on our side while a peer asks and does not read. */
import assert from 'node:assert/strict';

import { MessageCodec } from '../../../../server/src/rpyc/core/codec';
import { DEFAULT_CONFIG, mergeLimits } from '../../../../server/src/rpyc/core/config';
import { Handler, Label, MessageType } from '../../../../server/src/rpyc/core/consts';
import { dialectOf } from '../../../../server/src/rpyc/core/dialect';
import type { BrineValue } from '../../../../server/src/rpyc/core/pyTypes';
import { LocalRefs } from '../../../../server/src/rpyc/core/refs';
import { Serving } from '../../../../server/src/rpyc/core/serving';
import { type Deferred, deferred } from '../../../../server/src/rpyc/lib/deferred';
import { silentLogger } from '../../../../server/src/rpyc/lib/logger';

const KIB = 1024;
const MIB = 1024 * KIB;

const unused = (): never => assert.fail('It is not needed');

/** A serving side whose way out fills and drains when the test says so. */
class Bench {
  readonly answered: BrineValue[] = [];
  readonly failures: Error[] = [];
  buffered = 0;
  private drain: Deferred<undefined> = deferred();
  private readonly dialect = dialectOf('D');
  private readonly codec: MessageCodec;
  private readonly serving: Serving;

  constructor(maxInflatedBytes: number, root: object = {}) {
    const limits = mergeLimits({ maxInflatedBytes });
    this.codec = new MessageCodec({ dialect: 'D', bindThreads: false, limits });
    const refs = new LocalRefs(limits.maxPeerRefs, () => ({ module: 'm', typeName: 'K' }));
    const peerPython = 3 as const;
    const referenceHost = {
      config: DEFAULT_CONFIG,
      dialect: this.dialect,
      peerPython,
      request: unused,
      giveBack: unused,
    };
    this.serving = new Serving({
      codec: this.codec,
      limits,
      logger: silentLogger,
      openRequests: () => 0,
      boxing: () => ({ dialect: this.dialect, refs, referenceHost, acquire: unused }),
      peerPython: () => peerPython,
      isClosed: () => false,
      send: (payload) => this.answered.push(this.dialect.decode(payload, limits).seq),
      bufferedAmount: () => this.buffered,
      drained: () => this.drain.promise,
      fail: (error) => this.failures.push(error),
      context: {
        config: DEFAULT_CONFIG,
        prefersExposed: false,
        root,
        closeForPeer: unused,
        idOf: unused,
        release: unused,
        sawByteName: unused,
        objectOf: unused,
      },
    });
  }

  ask(seq: number, data: BrineValue = null, handler: number = Handler.ping): void {
    const args = handler === Handler.ping ? [data] : [];
    const payload = this.dialect.encode(MessageType.request, seq, [handler, [Label.value, args]]);
    this.serving.accept(this.codec.decode(payload));
  }

  empty(): void {
    this.buffered = 0;
    this.drain.resolve(undefined);
    this.drain = deferred();
  }
}

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe('Requests of a peer that does not read', () => {
  it('wait by the thousand where they are small, and are answered in order', async () => {
    const bench = new Bench(16 * MIB);
    bench.buffered = 64 * MIB;
    for (let seq = 0; seq < 5000; seq++) bench.ask(seq);
    assert.deepEqual(bench.answered, []);
    bench.empty();
    await turn();
    assert.deepEqual(
      bench.answered,
      Array.from({ length: 5000 }, (_, seq) => seq),
    );
    bench.ask(5000);
    assert.equal(bench.answered.length, 5001, 'nothing waits any more');
    assert.deepEqual(bench.failures, []);
  });

  it('are not overtaken by those that come when there is room again', async () => {
    const bench = new Bench(16 * MIB);
    bench.buffered = 64 * MIB;
    bench.ask(0);
    bench.buffered = 0;
    bench.ask(1);
    assert.deepEqual(bench.answered, []);
    bench.empty();
    await turn();
    assert.deepEqual(bench.answered, [0, 1]);
  });

  it('are held back while few bytes wait to leave', () => {
    const bench = new Bench(16 * MIB);
    bench.buffered = 2 * MIB;
    bench.ask(0);
    assert.deepEqual(bench.answered, [0]);
  });

  it('may hold as many bytes as one frame, and no more', () => {
    const bench = new Bench(MIB);
    bench.buffered = 64 * MIB;
    for (let seq = 0; seq < 3; seq++) bench.ask(seq, new Uint8Array(300 * KIB));
    assert.throws(
      () => {
        bench.ask(3, new Uint8Array(300 * KIB));
      },
      { code: 'ERR_LIMIT' },
    );
  });

  it('have a price even where they are empty', () => {
    const bench = new Bench(100 * KIB);
    bench.buffered = 64 * MIB;
    assert.throws(
      () => {
        for (let seq = 0; seq < 1000; seq++) bench.ask(seq);
      },
      { code: 'ERR_LIMIT' },
    );
  });

  it('count with those whose results are still to come', async () => {
    const result = deferred<null>();
    const bench = new Bench(MIB, { then: result.promise.then.bind(result.promise) });
    bench.ask(0, null, Handler.getroot);
    bench.buffered = 64 * MIB;
    assert.throws(
      () => {
        bench.ask(1, new Uint8Array(MIB - 100));
      },
      { code: 'ERR_LIMIT' },
    );
    result.resolve(null);
    await turn();
    bench.ask(1, new Uint8Array(MIB - 100));
    assert.deepEqual(bench.answered, [0]);
  });
});

import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { after, deferred, onAbort, withTimeout } from '../../../../server/src/rpyc/lib/deferred';
import { DisposableStore, toDisposable } from '../../../../server/src/rpyc/lib/disposable';
import { Emitter } from '../../../../server/src/rpyc/lib/events';
import { ByteReader, ByteWriter } from '../../../../server/src/rpyc/lib/bytes';

describe('disposables', () => {
  it('run once', () => {
    let count = 0;
    const disposable = toDisposable(() => count++);
    disposable.dispose();
    disposable.dispose();
    assert.equal(count, 1);
  });

  it('in a store are disposed last first, and at once where the store is disposed', () => {
    const order: number[] = [];
    const store = new DisposableStore();
    for (const number of [1, 2]) store.add(toDisposable(() => order.push(number)));
    assert.equal(store.isDisposed, false);
    store.dispose();
    store.dispose();
    store.add(toDisposable(() => order.push(3)));
    assert.deepEqual(order, [2, 1, 3]);
    assert.equal(store.isDisposed, true);
  });

  it('in a store are all disposed even if one throws', () => {
    const store = new DisposableStore();
    let count = 0;
    store.add(toDisposable(() => count++));
    store.add(
      toDisposable(() => {
        throw new Error('broken');
      }),
    );
    assert.throws(() => store.dispose(), /broken/);
    assert.equal(count, 1);
  });

  it('can leave a store early', () => {
    const store = new DisposableStore();
    let count = 0;
    const item = store.add(toDisposable(() => count++));
    store.delete(item);
    store.dispose();
    assert.equal(count, 1);
  });
});

describe('events', () => {
  it('reach every listener until it leaves', () => {
    const emitter = new Emitter<number>();
    const seen: number[] = [];
    const listener = (value: number): number => seen.push(value);
    const first = emitter.event(listener);
    emitter.event(listener);
    emitter.fire(1);
    first.dispose();
    emitter.fire(2);
    emitter.dispose();
    emitter.fire(3);
    assert.deepEqual(seen, [1, 1, 2]);
  });

  it('do not reach a listener that left while the event was fired', () => {
    const emitter = new Emitter<number>();
    let count = 0;
    emitter.event(() => second.dispose());
    const second = emitter.event(() => count++);
    emitter.fire(1);
    assert.equal(count, 0);
  });

  it('reach the others where one listener throws', () => {
    const emitter = new Emitter<number>();
    let count = 0;
    emitter.event(() => {
      throw new Error('broken');
    });
    emitter.event(() => count++);
    assert.throws(() => emitter.fire(1), /broken/);
    assert.equal(count, 1);
  });
});

describe('promises', () => {
  it('can be settled from outside, once', async () => {
    const result = deferred<number>();
    assert.equal(result.settled, false);
    result.resolve(1);
    result.reject(new Error('late'));
    assert.equal(result.settled, true);
    assert.equal(await result.promise, 1);
  });

  it('give up after their time', async () => {
    const never = new Promise<number>(() => undefined);
    await assert.rejects(
      withTimeout(never, 0.001, () => new Error('too late')),
      /too late/,
    );
  });

  it('keep their result where they are in time, and their timer ends', async () => {
    assert.equal(await withTimeout(Promise.resolve(1), 1000, () => new Error()), 1);
    await assert.rejects(
      withTimeout(Promise.reject(new Error('own')), 1000, () => new Error()),
      /own/,
    );
    assert.equal(await withTimeout(Promise.resolve(2), undefined, () => new Error()), 2);
  });

  it('reject late without being reported', async () => {
    const late = deferred<number>();
    const limited = withTimeout(late.promise, 0, () => new Error('too late'));
    await assert.rejects(limited, /too late/);
    late.reject(new Error('unheard'));
  });

  it('wait for ever where the time is longer than a timer can be', () => {
    after(Infinity, () => assert.fail()).dispose();
    after(1e9, () => assert.fail()).dispose();
  });
});

describe('abort signals', () => {
  it('are heard until the listener is released', () => {
    const controller = new AbortController();
    let count = 0;
    onAbort(controller.signal, () => count++).dispose();
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
    onAbort(controller.signal, () => count++);
    controller.abort();
    assert.equal(count, 1);
  });

  it('are heard at once where they are aborted already', () => {
    const reasons: unknown[] = [];
    onAbort(AbortSignal.abort('why'), (reason) => reasons.push(reason));
    onAbort(undefined, () => assert.fail());
    assert.deepEqual(reasons, ['why']);
  });
});

describe('bytes', () => {
  class Reader extends ByteReader {
    protected override short(missing: number): Error {
      return new Error(`short by ${missing}`);
    }
  }

  it('are written into a buffer that grows', () => {
    const writer = new ByteWriter(1);
    writer.byte(1);
    writer.uint32(2);
    writer.double(1.5);
    writer.bytes(Uint8Array.of(7, 8));
    assert.equal(writer.ascii('abc'), true);
    assert.equal(writer.ascii('abé'), false);
    assert.equal(writer.ascii('x'.repeat(100)), true);
    writer.utf8('é', 2);
    writer.byte(9);
    writer.truncate(writer.length - 1);
    assert.equal(writer.length, 120);
    const reader = new Reader(writer.finish());
    assert.equal(reader.byte(), 1);
    assert.equal(reader.uint32(), 2);
    assert.equal(reader.double(), 1.5);
    assert.deepEqual(reader.bytes(2), Uint8Array.of(7, 8));
    assert.equal(reader.latin1(3), 'abc');
    assert.equal(reader.utf8(100), 'x'.repeat(100));
    assert.equal(reader.utf8(2), 'é');
    assert.equal(reader.remaining, 0);
  });

  it('are read as digits or not at all', () => {
    const digits = (text: string, length = text.length): number | undefined =>
      new Reader(Buffer.from(text)).digits(length);
    assert.equal(digits('0'), 0);
    assert.equal(digits('-0'), 0);
    assert.equal(digits('-123456789012345'), -123456789012345);
    for (const text of ['', '-', '+1', ' 1', '1_0', '1a']) assert.equal(digits(text), undefined);
    assert.equal(digits('12', 3), undefined);
    const reader = new Reader(Buffer.from('1x'));
    assert.equal(reader.digits(2), undefined);
    assert.equal(reader.remaining, 2);
  });

  it('are never read past the end', () => {
    const reads: ((reader: Reader) => unknown)[] = [
      (reader) => reader.byte(),
      (reader) => reader.uint32(),
      (reader) => reader.double(),
      (reader) => reader.bytes(1),
      (reader) => reader.latin1(1),
      (reader) => reader.utf8(1),
    ];
    for (const read of reads) assert.throws(() => read(new Reader(new Uint8Array(0))), /short by \d/);
  });

  it('are strictly UTF-8 where they are text', () => {
    for (const hex of ['ff', 'c080', 'eda080', 'f4908080', 'c3', `${'61'.repeat(20)}ff`]) {
      const bytes = Buffer.from(hex, 'hex');
      assert.equal(new Reader(bytes).utf8(bytes.length), undefined);
    }
    for (const text of ['\ufffd', `${'a'.repeat(20)}\ufffd`, '\ufeffa']) {
      const bytes = Buffer.from(text);
      assert.equal(new Reader(bytes).utf8(bytes.length), text);
    }
  });
});

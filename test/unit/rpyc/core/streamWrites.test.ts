import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';

import { DuplexStream } from '../../../../server/src/rpyc/core/stream';
import { toHex } from '../../../support/typedJson';

/** A duplex that keeps each piece which the system would have been given. */
class Pieces extends Duplex {
  readonly pieces: string[] = [];

  override _read(): void {
    // Nothing ever arrives.
  }

  override _write(chunk: Uint8Array, _encoding: string, callback: () => void): void {
    this.pieces.push(toHex(chunk));
    callback();
  }
}

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe('A stream', () => {
  it('gives the system in one piece what one turn writes, promises included', async () => {
    const duplex = new Pieces();
    const stream = new DuplexStream(duplex, 'pieces');
    stream.write([Uint8Array.of(1), Uint8Array.of(2)]);
    void Promise.resolve().then(() => stream.write([Uint8Array.of(3)]));
    assert.equal(stream.bufferedAmount, 2);
    await turn();
    assert.equal(stream.bufferedAmount, 0);
    stream.write([Uint8Array.of(4)]);
    await turn();
    assert.equal(duplex.pieces.join(''), '01020304');
    assert.ok(duplex.pieces.length < 4, duplex.pieces.join(' '));
    stream.destroy();
  });

  it('keeps the order of small and large writes', async () => {
    const duplex = new Pieces();
    const stream = new DuplexStream(duplex, 'pieces');
    stream.write([Uint8Array.of(1)]);
    stream.write([new Uint8Array(100_000).fill(2)]);
    stream.write([Uint8Array.of(3)]);
    await turn();
    assert.equal(duplex.pieces.join(''), `01${'02'.repeat(100_000)}03`);
    stream.destroy();
  });

  it('lets what was written leave before it is closed or destroyed', async () => {
    for (const end of ['close', 'destroy'] as const) {
      const duplex = new Pieces();
      const stream = new DuplexStream(duplex, 'pieces');
      stream.write([Uint8Array.of(1)]);
      stream[end]();
      await turn();
      assert.deepEqual(duplex.pieces, ['01'], end);
      stream.destroy();
    }
  });
});

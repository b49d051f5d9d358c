/** Every recorded value: its bytes, its kind, and the same through frames that arrive in pieces. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dump, dumpable, load } from '../../../../server/src/rpyc/core/brine';
import { encodeFrame, FrameDecoder } from '../../../../server/src/rpyc/core/channel';
import { ProtocolError } from '../../../../server/src/rpyc/core/errors';
import type { BrineValue } from '../../../../server/src/rpyc/core/pyTypes';
import { pieces, splitPositions } from '../../../support/split';
import { fromTyped, kindText, toHex, vectorBytes } from '../../../support/typedJson';

interface Vector {
  readonly group?: string;
  readonly name?: string;
  readonly value: unknown;
  readonly hex?: string;
  readonly hexRle?: readonly (readonly [string, number])[];
  readonly unordered?: boolean;
  readonly result?: { readonly ok?: unknown; readonly error?: string };
}

function vectors(file: string): readonly Vector[] {
  const path = join(__dirname, '../../../../../test/vectors', file);
  return JSON.parse(readFileSync(path, 'utf8')) as Vector[];
}

/** What a decoder gives when the frame of `payload` arrives in these pieces. */
function throughDecoder(chunks: readonly Uint8Array[]): string[] {
  const decoder = new FrameDecoder();
  const payloads: string[] = [];
  for (const chunk of chunks) decoder.push(chunk, (payload) => payloads.push(toHex(payload)));
  assert.equal(decoder.isInsideFrame, false);
  return payloads;
}

function checkFrames(payload: Uint8Array): void {
  for (const compress of [false, true]) {
    const frame = Buffer.concat(encodeFrame(payload, { compress }));
    const expected = payload.length === 0 ? [] : [toHex(payload)];
    for (const position of splitPositions(frame.length)) {
      const chunks = [frame.subarray(0, position), frame.subarray(position)];
      assert.deepEqual(throughDecoder(chunks), expected, `split at ${position}`);
    }
    // Byte by byte, and two frames in a row.
    const size = frame.length > 70_000 ? 7 : 1;
    assert.deepEqual(throughDecoder(pieces(Buffer.concat([frame, frame]), size)), [...expected, ...expected]);
  }
}

function checkBothWays(bytes: Uint8Array, value: BrineValue, unordered: boolean): void {
  const decoded = load(bytes);
  assert.equal(kindText(decoded, unordered), kindText(value, unordered));
  assert.equal(toHex(dump(decoded)), toHex(bytes), 'the decoded value gives the same bytes');
  assert.equal(dumpable(value), true);
  if (!unordered) assert.equal(toHex(dump(value)), toHex(bytes), 'the value gives the recorded bytes');
  assert.equal(kindText(load(dump(value)), unordered), kindText(value, unordered));
}

function title(vector: Vector, index: number): string {
  const bytes = vector.hex ?? JSON.stringify(vector.hexRle);
  const text = `${vector.name ?? vector.group ?? ''} ${bytes}`;
  return `${index + 1}: ${text.length > 80 ? `${text.slice(0, 80)}…` : text}`;
}

for (const file of ['brine.json', 'brine-python2.json']) {
  describe(`vectors of ${file}`, () => {
    vectors(file).forEach((vector, index) => {
      const bytes = vectorBytes(vector);
      const name = vector.name ?? '';

      if (name.startsWith('unicode lone surrogate')) {
        it(`${title(vector, index)} is refused, as Python 3 refuses it`, () => {
          assert.throws(() => load(bytes), ProtocolError);
        });
      } else {
        it(`${title(vector, index)} both ways`, () => {
          // Python 2 writes an int of 63 bits as a long: what it was before is not told.
          const value = name === 'int 2**63-1' ? { long: String(2n ** 63n - 1n) } : vector.value;
          checkBothWays(bytes, fromTyped(value), vector.unordered === true);
        });
      }

      it(`${title(vector, index)} in frames split everywhere`, () => checkFrames(bytes));
    });
  });
}

/** Where we are stricter than upstream on purpose: it reads what is left and ignores what follows. */
const stricter = new Set([
  'trailing bytes ignored',
  'truncated bytes1',
  'truncated bytes4',
  'truncated bytes L1',
  'truncated bytes L4',
  'truncated int L1',
  'huge bytes count',
]);

/** Where we read what 5.0 and later do not: a Python 2 long, kept apart so that it is echoed as it came. */
const longs = new Map([
  ['long tag around immediate', { long: '5' }],
  ['long tag around int L1', { long: '100' }],
]);

describe('vectors of brine-decode.json', () => {
  const all = vectors('brine-decode.json');

  it('names every vector that is judged otherwise than upstream judges it', () => {
    const names = new Set(all.map(({ name }) => name));
    for (const name of [...stricter, ...longs.keys()]) assert.ok(names.has(name), name);
  });

  all.forEach((vector, index) => {
    const name = vector.name ?? '';
    const bytes = vectorBytes(vector);
    const accepted = longs.get(name) ?? (stricter.has(name) ? undefined : vector.result?.ok);

    it(`${title(vector, index)} ${accepted === undefined ? 'is refused' : 'is read'}`, () => {
      if (accepted === undefined) {
        assert.throws(() => load(bytes), ProtocolError);
      } else {
        const unordered = vector.unordered === true;
        assert.equal(kindText(load(bytes), unordered), kindText(fromTyped(accepted), unordered));
      }
    });

    it(`${title(vector, index)} in frames split everywhere`, () => checkFrames(bytes));
  });
});

/** Fuzzing below the protocol: brine and frames. */
import assert from 'node:assert/strict';

import { dump, load } from '../../server/src/rpyc/core/brine';
import { encodeFrame, FrameDecoder } from '../../server/src/rpyc/core/channel';
import { ProtocolError } from '../../server/src/rpyc/core/errors';

const LIMITS = { maxDepth: 200, maxItems: 100_000, maxIntDigits: 4300 };
const FRAME_LIMITS = { maxFrameBytes: 1 << 20, maxInflatedBytes: 1 << 20 };

/** Decodes, and where that succeeds encodes and decodes again. */
export function checkBrine(bytes: Uint8Array): void {
  let value;
  try {
    value = load(bytes, LIMITS);
  } catch (error) {
    assert.ok(error instanceof ProtocolError, `load throws ${String(error)}`);
    return;
  }
  const canonical = dump(value);
  const again = dump(load(canonical));
  assert.ok(Buffer.compare(canonical, again) === 0, 'what was loaded and dumped is loaded as the same');
}

/** Cuts the same bytes in two ways, which must make no difference. */
export function checkFrames(bytes: Uint8Array, pieceSize: number): void {
  const whole = decodeFrames(bytes, bytes.length);
  const pieces = decodeFrames(bytes, pieceSize);
  assert.deepEqual(pieces, whole, 'the way in which bytes are cut makes no difference');
  for (const payload of whole.payloads) {
    const frame = Buffer.concat(encodeFrame(Buffer.from(payload, 'latin1'), { compress: true }));
    assert.deepEqual(decodeFrames(frame, frame.length).payloads, [payload], 'a payload survives its frame');
  }
}

function decodeFrames(
  bytes: Uint8Array,
  pieceSize: number,
): { readonly payloads: string[]; readonly code: string | undefined; readonly isInsideFrame: boolean } {
  const decoder = new FrameDecoder(FRAME_LIMITS);
  const payloads: string[] = [];
  try {
    for (let offset = 0; offset < bytes.length; offset += Math.max(1, pieceSize)) {
      const piece = bytes.subarray(offset, offset + Math.max(1, pieceSize));
      decoder.push(piece, (payload) => payloads.push(Buffer.from(payload).toString('latin1')));
    }
  } catch (error) {
    assert.ok(error instanceof ProtocolError, `the decoder throws ${String(error)}`);
    return { payloads, code: error.code, isInsideFrame: false };
  }
  return { payloads, code: undefined, isInsideFrame: decoder.isInsideFrame };
}

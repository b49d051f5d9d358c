/** Frames that are made to cost their reader dear, and payloads to fill memory with. */
import { deflateRawSync, deflateSync, constants } from 'node:zlib';

const MIB = 1024 * 1024;

/** One frame, with whatever length and flag the header says. */
export function frameOf(body: Uint8Array, isCompressed = false, length = body.length): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(length, 0);
  header[4] = isCompressed ? 1 : 0;
  return Buffer.concat([header, body, Buffer.from('\n')]);
}

/** A request for PING whose only argument is `value` in brine. */
export function pingWith(dialect: 'C' | 'D', value: Uint8Array): Buffer {
  const head = dialect === 'C' ? [0x12, 0x51, 0x50] : [0x01, 0x11, 0x50];
  // (handler 1, (label 1, (value,)))
  return Buffer.concat([Buffer.from([...head, 0x11, 0x51, 0x11, 0x51, 0x10]), value]);
}

/** A compressed frame of some four megabytes that inflates to four gigabytes of zeros. */
export function bomb(): Buffer {
  // A block that depends on nothing before it may stand there as often as one likes.
  const block = deflateRawSync(Buffer.alloc(16 * MIB), { level: 9, finishFlush: constants.Z_FULL_FLUSH });
  return frameOf(
    Buffer.concat([Buffer.from([0x78, 0xda]), ...Array.from({ length: 256 }, () => block)]),
    true,
  );
}

/** A tuple of `count` times the same value, as brine. */
export function tupleOf(count: number, value: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head[0] = 0x15;
  head.writeUInt32BE(count, 1);
  return Buffer.concat([head, Buffer.alloc(count * value.length, value)]);
}

/** Small values that take much memory: an empty byte string, an empty frozenset, an empty tuple, 1.0, a Python 2 long. */
export const GREEDY_VALUES: readonly (readonly [what: string, bytes: Uint8Array])[] = [
  ['empty byte strings', Buffer.from([0x01])],
  ['empty frozensets', Buffer.from([0x1a, 0x02])],
  ['empty tuples', Buffer.from([0x02])],
  ['whole floats', Buffer.from([0x18, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0])],
  ['longs of Python 2', Buffer.from([0x09, 0x50])],
  ['slices', Buffer.from([0x19, 0x12, 0, 0, 0])],
];

/** Frames each of which ends the connection, with what they are. */
export function costlyFrames(dialect: 'C' | 'D'): readonly (readonly [what: string, frame: () => Buffer])[] {
  const ping = (value: Uint8Array): Buffer => frameOf(pingWith(dialect, value));
  const squeezed = (value: Uint8Array): Buffer =>
    frameOf(deflateSync(pingWith(dialect, value), { level: 9 }), true);
  const digits = Buffer.concat([Buffer.from([0x17, 0, 0x98, 0x96, 0x80]), Buffer.alloc(10_000_000, '7')]);
  return [
    ['a length of 4 GB', () => frameOf(Buffer.alloc(0), false, 0xffffffff)],
    ['a bomb of 4 GB', bomb],
    ['no zlib stream', () => frameOf(Buffer.from('no zlib stream'), true)],
    ['100,000 nested tuples', () => ping(Buffer.alloc(100_000, 0x10))],
    ['100,000 nested frozensets', () => ping(Buffer.alloc(100_000, 0x1a))],
    ['100,000 nested slices', () => ping(Buffer.alloc(100_000, 0x19))],
    ['an integer of 10 MB', () => ping(digits)],
    ['a tuple of 4 G items', () => ping(Buffer.from([0x15, 0xff, 0xff, 0xff, 0xff, 0]))],
    ['a byte string of 4 GB', () => ping(Buffer.from([0x0f, 0xff, 0xff, 0xff, 0xff, 0]))],
    ['an unknown tag', () => ping(Buffer.from([0xff]))],
    ['no message', () => frameOf(Buffer.from([0xf0, 0xf1, 0xf2]))],
    ...GREEDY_VALUES.map(
      ([what, bytes]) => [`4 million ${what}`, () => squeezed(tupleOf(4_194_000, bytes))] as const,
    ),
  ];
}

import assert from 'node:assert/strict';
import { deflateSync } from 'node:zlib';
import { Channel, encodeFrame, FrameDecoder } from '../../../../server/src/rpyc/core/channel';
import { DEFAULT_LIMITS } from '../../../../server/src/rpyc/core/config';
import { EOFError, ErrorCode, ProtocolError } from '../../../../server/src/rpyc/core/errors';
import { createStreamPair } from '../../../support/memoryStream';
import { pieces } from '../../../support/split';
import { fromHex, toHex } from '../../../support/typedJson';

const MIB = 1024 * 1024;

function frameOf(payload: Uint8Array, compress = false): Buffer {
  return Buffer.concat(encodeFrame(payload, { compress }));
}

function rawFrame(body: Uint8Array, flag: number): Buffer {
  const frame = Buffer.alloc(body.length + 6, 0x0a);
  frame.writeUInt32BE(body.length, 0);
  frame[4] = flag;
  frame.set(body, 5);
  return frame;
}

function decode(bytes: Uint8Array, limits = DEFAULT_LIMITS): Uint8Array[] {
  const payloads: Uint8Array[] = [];
  new FrameDecoder(limits).push(bytes, (payload) => payloads.push(payload));
  return payloads;
}

function refusal(bytes: Uint8Array, limits = DEFAULT_LIMITS): ProtocolError {
  const before = process.memoryUsage().rss;
  const start = performance.now();
  try {
    decode(bytes, limits);
  } catch (error) {
    assert.ok(error instanceof ProtocolError);
    assert.ok(performance.now() - start < 2000, 'it takes little time');
    assert.ok(process.memoryUsage().rss - before < 256 * MIB, 'it takes little memory');
    return error;
  }
  throw new Error('It was accepted');
}

describe('frames', () => {
  it('have a length, a flag and a flush byte', () => {
    assert.equal(toHex(frameOf(fromHex('1251501153115102'))), '000000080012515011531151020a');
  });

  it('are compressed above 3000 bytes and not at 3000', () => {
    assert.equal(frameOf(new Uint8Array(3000), true)[4], 0);
    const compressed = frameOf(new Uint8Array(3001), true);
    assert.equal(compressed[4], 1);
    assert.ok(compressed.length < 100);
    assert.deepEqual(decode(compressed), [Buffer.alloc(3001)]);
    assert.equal(frameOf(new Uint8Array(3001), false)[4], 0);
  });

  it('inflate whatever the flag and the level are', () => {
    const payload = Buffer.from('payload');
    assert.deepEqual(decode(rawFrame(deflateSync(payload, { level: 9 }), 2)), [payload]);
  });

  it('end with any byte', () => {
    const frame = frameOf(fromHex('5051'));
    frame[frame.length - 1] = 0xff;
    assert.deepEqual(decode(frame).map(toHex), ['5051']);
  });

  it('without a body are skipped', () => {
    const empty = fromHex('00000000000a');
    assert.deepEqual(decode(Buffer.concat([empty, frameOf(fromHex('50')), empty])).map(toHex), ['50']);
  });

  it('of large bodies go out without a copy', () => {
    const payload = new Uint8Array(100_000);
    assert.equal(encodeFrame(payload, { compress: false })[1], payload);
  });

  it('that arrive before a bad one are delivered', () => {
    const payloads: string[] = [];
    const bytes = Buffer.concat([frameOf(fromHex('51')), fromHex('ffffffff')]);
    assert.throws(
      () => new FrameDecoder().push(bytes, (payload) => payloads.push(toHex(payload))),
      ProtocolError,
    );
    assert.deepEqual(payloads, ['51']);
  });

  it('take time that grows with the bytes and not with the pieces', () => {
    const payload = new Uint8Array(4 * MIB);
    const decoder = new FrameDecoder();
    const start = performance.now();
    let count = 0;
    for (const piece of pieces(frameOf(payload), 16)) decoder.push(piece, () => count++);
    assert.equal(count, 1);
    assert.ok(performance.now() - start < 3000);
  });
});

describe('frame limits', () => {
  it('refuse a length of 4 GB at its fourth byte', () => {
    assert.equal(refusal(fromHex('ffffffff')).code, ErrorCode.limit);
  });

  it('refuse a body one byte too long and take one that fits', () => {
    const limits = { ...DEFAULT_LIMITS, maxFrameBytes: 10 };
    assert.equal(decode(frameOf(new Uint8Array(10)), limits).length, 1);
    assert.equal(refusal(frameOf(new Uint8Array(11)), limits).code, ErrorCode.limit);
  });

  it('take no memory for a length that is announced only', () => {
    const before = process.memoryUsage().rss;
    const decoders = Array.from({ length: 100 }, () => new FrameDecoder());
    for (const decoder of decoders)
      decoder.push(fromHex('0400000000ffff'), () => assert.fail('not complete'));
    assert.ok(process.memoryUsage().rss - before < 64 * MIB);
    assert.ok(decoders.every((decoder) => decoder.isInsideFrame));
  });

  it('refuse a bomb: less than 1 MB that inflates to 256 MB', () => {
    const zeros = deflateSync(Buffer.alloc(256 * MIB), { level: 9 });
    assert.ok(zeros.length < MIB);
    assert.equal(refusal(rawFrame(zeros, 1)).code, ErrorCode.limit);
  });

  it('refuse what does not inflate and what is cut short', () => {
    assert.equal(refusal(rawFrame(fromHex('00112233'), 1)).code, ErrorCode.protocol);
    const whole = deflateSync(Buffer.alloc(10_000));
    assert.equal(refusal(rawFrame(whole.subarray(0, whole.length - 6), 1)).code, ErrorCode.protocol);
  });
});

describe('servers of other protocols', () => {
  const greetings: readonly (readonly [string, RegExp])[] = [
    ['HTTP/1.1 400 Bad Request\r\n', /HTTP/],
    ['<!DOCTYPE html>', /HTTP/],
    ['SSH-2.0-OpenSSH_9.2\r\n', /SSH/],
    ['\x15\x03\x01\x00\x02\x02\x46', /TLS/],
    ['\x16\x03\x03\x00\x7a', /TLS/],
    ['220 mail.example.org ESMTP', /mail or FTP/],
    ['RFB 003.008\n', /VNC/],
    ['-ERR unknown command', /Redis/],
    ['login: ', /text protocol/],
  ];
  for (const [greeting, name] of greetings) {
    it(`are recognised: ${JSON.stringify(greeting.slice(0, 8))}`, () => {
      const error = refusal(Buffer.from(greeting, 'latin1').subarray(0, 4));
      assert.equal(error.code, ErrorCode.notRpyc);
      assert.match(error.message, name);
    });
  }

  it('are not suspected once a frame has arrived', () => {
    assert.equal(refusal(Buffer.concat([frameOf(fromHex('50')), Buffer.from('HTTP')])).code, ErrorCode.limit);
  });
});

describe('a channel', () => {
  async function closed(channel: Channel): Promise<Error | undefined> {
    return new Promise((resolve) => channel.onDidClose(resolve));
  }

  async function receive(channel: Channel, count: number): Promise<string[]> {
    const payloads: string[] = [];
    return new Promise((resolve) => {
      channel.onDidReceive((payload) => {
        payloads.push(toHex(payload));
        if (payloads.length === count) resolve(payloads);
      });
      channel.start();
    });
  }

  it('carries payloads in order, counts them and is seen by a trace', async () => {
    const [near, far] = createStreamPair({ chunkSize: 1 });
    const seen: string[] = [];
    const trace = (direction: string, payload: Uint8Array): number =>
      seen.push(`${direction} ${payload.length}`);
    const sender = new Channel(near, { trace });
    const receiver = new Channel(far);
    sender.send(fromHex('50'));
    sender.sendKeepalive();
    sender.send(new Uint8Array(5000));
    const payloads = await receive(receiver, 2);
    assert.deepEqual(payloads, ['50', '00'.repeat(5000)]);
    assert.deepEqual(seen, ['out 1', 'out 5000']);
    assert.equal(sender.framesSent, 2);
    assert.equal(receiver.framesReceived, 2);
    assert.equal(receiver.bytesReceived, sender.bytesSent);
    sender.dispose();
    assert.ok(receiver.closed);
  });

  it('does not compress where it is told not to', () => {
    const [near, far] = createStreamPair();
    const channel = new Channel(near, { compress: false });
    channel.send(new Uint8Array(5000));
    assert.equal(channel.bytesSent, 5006);
    far.destroy();
  });

  it('ends with the error of bad bytes, for both sides', async () => {
    const [near, far] = createStreamPair();
    const channel = new Channel(near);
    channel.start();
    const gone = new Promise((resolve) => far.onDidClose(resolve));
    far.write([fromHex('ffffffff00')]);
    const error = await closed(channel);
    assert.ok(error instanceof ProtocolError);
    await gone;
    assert.throws(() => channel.send(fromHex('50')), EOFError);
    assert.throws(() => channel.sendKeepalive(), EOFError);
  });

  it('says that the peer left in the middle of a frame', async () => {
    const [near, far] = createStreamPair();
    const channel = new Channel(near);
    channel.start();
    far.write([fromHex('000000050050')]);
    far.close();
    assert.match(String(await closed(channel)), /middle of a frame/);
  });

  it('ends without an error where the peer leaves between frames', async () => {
    const [near, far] = createStreamPair();
    const channel = new Channel(near);
    channel.start();
    far.close();
    assert.equal(await closed(channel), undefined);
  });

  it('passes on the error of its stream', async () => {
    const [near] = createStreamPair({ cutAfter: 3 });
    const channel = new Channel(near);
    channel.start();
    channel.send(fromHex('50'));
    assert.match(String(await closed(channel)), /cut/);
  });

  it('delivers nothing after it was destroyed in the middle of a chunk', async () => {
    const [near, far] = createStreamPair();
    const channel = new Channel(near);
    let count = 0;
    channel.onDidReceive(() => {
      count++;
      channel.destroy();
    });
    channel.start();
    far.write([frameOf(fromHex('50')), frameOf(fromHex('51'))]);
    await closed(channel);
    assert.equal(count, 1);
  });

  it('can wait until what it sent has left', async () => {
    const [near, far] = createStreamPair({ delayMs: 1 });
    const channel = new Channel(near);
    channel.send(fromHex('50'));
    assert.ok(near.bufferedAmount > 0);
    await near.drained();
    assert.equal(near.bufferedAmount, 0);
    far.destroy();
  });

  it('goes on without a tracer that throws', async () => {
    const [near, far] = createStreamPair();
    const traced: string[] = [];
    const channel = new Channel(near, {
      trace: (direction) => {
        traced.push(direction);
        throw new Error('as asked');
      },
    });
    const received = new Promise<Uint8Array>((resolve) => channel.onDidReceive(resolve));
    channel.start();
    channel.send(fromHex('50'));
    far.write([frameOf(fromHex('51'))]);
    assert.equal(toHex(await received), '51');
    assert.deepEqual(traced, ['out']);
    channel.destroy();
  });
});

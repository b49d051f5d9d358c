/*
 * What is said before the protocol: magic bytes, a password. Servers ask for it with an authenticator (see
 * rpyc/utils/authenticators.py); upstream's clients have no such thing and do it by hand on a socket of their own.
 */

import { encodeFrame, readFrame } from '../core/channel';
import { type Limits, mergeLimits } from '../core/config';
import { aborted } from '../core/connectErrors';
import { AuthenticationError } from '../core/errors';
import { DuplexStream, type Stream } from '../core/stream';
import { after, deferred, onAbort } from '../lib/deferred';
import { DisposableStore } from '../lib/disposable';

/** Bytes, or text that stands for its UTF-8 bytes. */
export type PreHandshakeBytes = Uint8Array | string;

/** One thing that is said or heard. A frame is one of RPyC's channel; empty ones are skipped. */
export type PreHandshakeStep =
  | { readonly send: PreHandshakeBytes }
  | { readonly sendFrame: PreHandshakeBytes }
  /** These bytes have to come. */
  | { readonly expect: PreHandshakeBytes }
  /** A frame with this payload has to come. */
  | { readonly expectFrame: PreHandshakeBytes }
  /** A frame has to come, with any payload but this. */
  | { readonly expectFrameNot: PreHandshakeBytes };

/** The server, before the protocol. Nothing is read beyond what is asked for. */
export interface PreHandshakePeer {
  write(bytes: PreHandshakeBytes): void;
  writeFrame(payload: PreHandshakeBytes): void;
  /** Exactly so many bytes. */
  read(count: number): Promise<Uint8Array>;
  /** The payload of the next frame. */
  readFrame(): Promise<Uint8Array>;
}

/** Steps that are taken in order, or a function that does what it likes and throws to refuse. */
export type PreHandshake = readonly PreHandshakeStep[] | ((peer: PreHandshakePeer) => Promise<void>);

export interface PreHandshakeOptions {
  /** Seconds for all of it. */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
  readonly limits?: Partial<Limits> | undefined;
}

/**
 * Runs a pre-handshake on a stream that is not started, and destroys the stream where it fails.
 *
 * @throws AuthenticationError where the server answers otherwise, ends the stream or takes too long. Neither what was
 *   sent nor what came shows in it
 */
export async function runPreHandshake(
  stream: Stream,
  preHandshake: PreHandshake,
  options: PreHandshakeOptions,
): Promise<void> {
  const where = stream.description;
  const held = new DisposableStore();
  const progress = { step: 0 };
  const end = deferred<undefined>();
  try {
    if (!(stream instanceof DuplexStream)) {
      throw new TypeError('A pre-handshake needs a stream that can be read before it is started');
    }
    const { timeout, signal } = options;
    const late = `${where} did not answer the pre-handshake within ${timeout} seconds`;
    held.add(after(timeout, () => end.reject(new AuthenticationError(late + at(progress.step)))));
    held.add(onAbort(signal, (reason) => end.reject(aborted(where, reason))));
    const peer = peerOver(stream, mergeLimits(options.limits));
    const running =
      typeof preHandshake === 'function' ? preHandshake(peer) : take(preHandshake, peer, progress);
    await Promise.race([running, end.promise]);
  } catch (error) {
    stream.destroy();
    if (error instanceof AuthenticationError || error instanceof TypeError || end.settled) throw error;
    throw new AuthenticationError(`${where} refused the pre-handshake${at(progress.step)}`, { cause: error });
  } finally {
    held.dispose();
  }
}

function peerOver(stream: DuplexStream, limits: Limits): PreHandshakePeer {
  return {
    write: (bytes) => stream.write([bytesOf(bytes)]),
    writeFrame: (payload) => stream.write(encodeFrame(bytesOf(payload), { compress: false })),
    read: (count) => stream.read(count),
    readFrame: () => readFrame(stream, limits),
  };
}

async function take(
  steps: readonly PreHandshakeStep[],
  peer: PreHandshakePeer,
  progress: { step: number },
): Promise<void> {
  for (const step of steps) {
    progress.step++;
    if (await succeeds(step, peer)) continue;
    throw new AuthenticationError(`The server's answer refuses us${at(progress.step)}`);
  }
}

async function succeeds(step: PreHandshakeStep, peer: PreHandshakePeer): Promise<boolean> {
  if ('send' in step) {
    peer.write(step.send);
    return true;
  }
  if ('sendFrame' in step) {
    peer.writeFrame(step.sendFrame);
    return true;
  }
  if ('expect' in step) {
    const expected = bytesOf(step.expect);
    return isSame(await peer.read(expected.length), expected);
  }
  if ('expectFrame' in step) return isSame(await peer.readFrame(), bytesOf(step.expectFrame));
  return !isSame(await peer.readFrame(), bytesOf(step.expectFrameNot));
}

/** The number of a step is all that is told of it. */
function at(step: number): string {
  return step === 0 ? '' : ` (step ${step})`;
}

function bytesOf(bytes: PreHandshakeBytes): Uint8Array {
  return typeof bytes === 'string' ? Buffer.from(bytes, 'utf8') : bytes;
}

function isSame(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}

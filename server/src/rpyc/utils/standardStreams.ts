/*
 * Our ends of a peer's redirected standard streams. Upstream hands the peer its file objects themselves.
 */

import type { Readable, Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

import { deferred } from '../lib/deferred';

/** Reads text from a stream as Python's `readline` and `read` do, and takes no more from it than it is asked for. */
export class TextInput {
  private readonly decoder = new StringDecoder('utf8');
  private readonly released = deferred<undefined>();
  private text = '';
  private isStarted = false;
  private queue: Promise<unknown> = Promise.resolve();

  constructor(private readonly stream: Readable) {}

  /**
   * @param size characters at most; a negative number has no limit
   * @param line whether to stop behind a line end
   * @returns fewer characters at the end only; nothing at the end and after `release`
   */
  read(size: number, line: boolean): Promise<string> {
    const result = this.queue.then(() => this.take(size, line));
    this.queue = result.catch(() => undefined);
    return result;
  }

  /** Gives back to the stream what was not read, and lets those who wait read the end. */
  release(): void {
    if (this.released.settled) return;
    this.released.resolve(undefined);
    if (!this.isStarted || this.stream.destroyed) return;
    if (this.text !== '' && !this.stream.readableEnded) this.stream.unshift(this.text, 'utf8');
    this.text = '';
    // Else a process would live on for the sake of its terminal.
    if (this.stream.readableFlowing !== true) this.stream.pause();
  }

  private async take(size: number, line: boolean): Promise<string> {
    for (;;) {
      const lineEnd = line ? this.text.indexOf('\n') + 1 : 0;
      const wanted = lineEnd > 0 ? lineEnd : Infinity;
      const most = Math.min(wanted, size < 0 ? Infinity : size);
      if (most <= this.text.length || !(await this.more())) return this.cut(most);
    }
  }

  private cut(count: number): string {
    const text = this.text.slice(0, count);
    this.text = this.text.slice(text.length);
    return text;
  }

  /** Waits for more text; false at the end. */
  private async more(): Promise<boolean> {
    this.isStarted = true;
    while (!this.released.settled) {
      const chunk: unknown = this.stream.read();
      if (chunk !== null) {
        this.text += typeof chunk === 'string' ? chunk : this.decoder.write(chunk as Buffer);
        return true;
      }
      if (this.stream.readableEnded || this.stream.destroyed) {
        const rest = this.decoder.end();
        this.text += rest;
        return rest !== '';
      }
      await this.change();
    }
    return false;
  }

  private async change(): Promise<void> {
    const changed = deferred<undefined>();
    const wake = (): void => changed.resolve(undefined);
    const events = ['readable', 'end', 'close'] as const;
    for (const event of events) this.stream.on(event, wake);
    const fail = (error: Error): void => changed.reject(error);
    this.stream.on('error', fail);
    try {
      await Promise.race([changed.promise, this.released.promise]);
    } finally {
      for (const event of events) this.stream.off(event, wake);
      this.stream.off('error', fail);
    }
  }
}

/** Writes, and resolves once the stream takes more. */
export async function writeTo(stream: Writable, data: unknown): Promise<void> {
  const chunk = typeof data === 'string' || data instanceof Uint8Array ? data : String(data);
  if (stream.write(chunk) || stream.destroyed) return;
  const changed = deferred<undefined>();
  const wake = (): void => changed.resolve(undefined);
  stream.on('drain', wake).on('close', wake);
  try {
    await changed.promise;
  } finally {
    stream.off('drain', wake).off('close', wake);
  }
}

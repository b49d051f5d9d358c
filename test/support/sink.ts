/** A stream that keeps the text that is written to it. */
import { Writable } from 'node:stream';

export class Sink extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: string, callback: () => void): void {
    this.text += chunk.toString();
    setImmediate(callback);
  }
}

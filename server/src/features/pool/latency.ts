import { type TraceFrame, readMessageHead } from '../../rpyc/index';

/** Requests that are remembered until their answers come. Connecting needs few. */
const KEPT_REQUESTS = 32;

/**
 * Measures the way to the peer and back while a connection is opened, by the requests that opening needs anyway: the
 * shortest of their round trips, since the others hold work of the peer as well.
 */
export class OpeningLatency {
  private readonly sentAt = new Map<string, number>();
  private shortest: number | undefined;
  private measuring = true;

  /** Milliseconds; undefined where nothing was asked. */
  get ms(): number | undefined {
    return this.shortest;
  }

  /** Takes the frames of the connection, and passes them on. */
  watch(next: TraceFrame): TraceFrame {
    return (direction, payload, frameBytes) => {
      if (this.measuring) {
        this.note(direction, payload);
      }
      next(direction, payload, frameBytes);
    };
  }

  /** From now on frames cost nothing here. */
  stop(): void {
    this.measuring = false;
    this.sentAt.clear();
  }

  private note(direction: 'in' | 'out', payload: Uint8Array): void {
    const head = readMessageHead(payload);
    if (head === undefined) {
      return;
    }
    const { kind, seq } = head;
    const isRequest = kind === 'request';
    if (isRequest && direction === 'out' && this.sentAt.size < KEPT_REQUESTS) {
      this.sentAt.set(seq, performance.now());
    } else if (!isRequest && direction === 'in') {
      const since = this.sentAt.get(seq);
      this.sentAt.delete(seq);
      if (since !== undefined) {
        this.shortest = Math.min(this.shortest ?? Infinity, performance.now() - since);
      }
    }
  }
}

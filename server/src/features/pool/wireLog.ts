import type { TraceLevel } from '../../api/model';
import { type Logger, readMessageHead } from '../../rpyc/index';

/** Events that are kept of each connection for the report. */
const KEPT_EVENTS = 50;
/** Connections whose events are kept, the newest. */
const KEPT_CONNECTIONS = 20;
/** Requests that are remembered to tell how long their answers took. */
const KEPT_REQUESTS = 1000;

/** Requests by which a client keeps house; a user did not ask for them. */
const HOUSEKEEPING = new Set(['del', 'ping']);

/**
 * What went over the wires: as lines in the log, as far as the user asks for it, and the last events of each
 * connection for the report. Values are never kept: a line tells direction, kind, handler, number, size and time.
 */
export class WireLog {
  private level: TraceLevel = 'off';
  private connections = 0;
  private readonly recent = new Map<string, readonly WireEvent[]>();

  constructor(private readonly logger: Pick<Logger, 'trace'>) {}

  /** `messages` logs one line per message that something asked for, `verbose` those of housekeeping as well. */
  setLevel(level: TraceLevel): void {
    this.level = level;
  }

  /**
   * Takes the traffic of a new connection.
   *
   * @returns to be given to the connection as its trace
   */
  record(): (direction: 'in' | 'out', payload: Uint8Array) => void {
    this.connections += 1;
    const name = `#${this.connections}`;
    const events: WireEvent[] = [];
    const requests = new OpenRequests();
    this.recent.set(name, events);
    for (const old of [...this.recent.keys()].slice(0, -KEPT_CONNECTIONS)) {
      this.recent.delete(old);
    }
    return (direction, payload) => {
      const event = requests.describe(direction, payload);
      events.push(event);
      if (events.length > KEPT_EVENTS) {
        events.shift();
      }
      if (this.level === 'verbose' || (this.level === 'messages' && !event.isHousekeeping)) {
        this.logger.trace(`wire ${name} ${event.text}`);
      }
    };
  }

  /** The last events of each connection, oldest first. */
  get events(): ReadonlyMap<string, readonly string[]> {
    return new Map(
      [...this.recent].map(([name, events]) => [
        name,
        events.map(({ at, text }) => `${at.toFixed(0)} ms ${text}`),
      ]),
    );
  }
}

interface WireEvent {
  /** Milliseconds since the process began. */
  readonly at: number;
  readonly text: string;
  readonly isHousekeeping: boolean;
}

interface OpenRequest {
  readonly at: number;
  readonly isHousekeeping: boolean;
}

/** Pairs answers with their requests, of both directions. */
class OpenRequests {
  private readonly open = new Map<string, OpenRequest>();

  /** `→ request callattr 12, 84 bytes` or `← reply 12, 40 bytes, 1.3 ms` */
  describe(direction: 'in' | 'out', payload: Uint8Array): WireEvent {
    const at = performance.now();
    const arrow = direction === 'out' ? '→' : '←';
    const size = `${payload.length} bytes`;
    const head = readMessageHead(payload);
    if (head === undefined) {
      return { at, text: `${arrow} unknown, ${size}`, isHousekeeping: false };
    }
    const { kind, seq, handler = 'unknown' } = head;
    if (kind === 'request') {
      const isHousekeeping = HOUSEKEEPING.has(handler);
      this.add(`${direction}${seq}`, { at, isHousekeeping });
      return { at, text: `${arrow} request ${handler} ${seq}, ${size}`, isHousekeeping };
    }
    const key = `${direction === 'out' ? 'in' : 'out'}${seq}`;
    const request = this.open.get(key);
    this.open.delete(key);
    const time = request === undefined ? '' : `, ${(at - request.at).toFixed(1)} ms`;
    return {
      at,
      text: `${arrow} ${kind} ${seq}, ${size}${time}`,
      isHousekeeping: request?.isHousekeeping ?? false,
    };
  }

  /** A peer that never answers, or never stops asking, does not make this grow. */
  private add(key: string, request: OpenRequest): void {
    this.open.set(key, request);
    const [oldest] = this.open.keys();
    if (this.open.size > KEPT_REQUESTS && oldest !== undefined) {
      this.open.delete(oldest);
    }
  }
}

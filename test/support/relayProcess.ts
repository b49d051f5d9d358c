/**
 * The process of a relay: passes TCP connections on, late if it is told so, and counts what goes through.
 * It is a process of its own so that a busy test does not add to the delay.
 */
import net from 'node:net';

import {
  emptyCounts,
  type RelayAnswer,
  type RelayCommand,
  type RelayDirection,
  type RelayTarget,
} from './relayMessages';
import { type Sniffed, type SniffedFrame, WireSniffer } from './wireSniffer';

/** PING, CLOSE and DEL. */
const HOUSEKEEPING = new Set([1, 2, 15]);
/** Requests for whose reply nobody waits. */
const UNAWAITED = new Set([2, 15]);

const sockets = new Set<net.Socket>();
let counts = emptyCounts();
let delayMs = 0;
/** What waits for the link to come back, oldest first. */
let held: (() => void)[] | undefined;

function whenLinked(go: () => void): void {
  if (held === undefined) go();
  else held.push(go);
}

function link(isHeld: boolean): void {
  const waiting = held ?? [];
  held = isHeld ? waiting : undefined;
  if (!isHeld) waiting.forEach((go) => go());
}

/** Calls back in order, each not before its time. */
class DelayLine {
  private last = 0;

  public push(deliver: () => void): void {
    whenLinked(() => this.later(deliver));
  }

  private later(deliver: () => void): void {
    this.last = Math.max(this.last, performance.now() + delayMs);
    const wait = this.last - performance.now();
    if (delayMs === 0 && wait <= 0) {
      deliver();
    } else {
      setTimeout(deliver, wait);
    }
  }
}

/** Numbers each request of a client by how many replies it must have waited for. */
class RoundTrips {
  private readonly depths = new Map<string, number>();
  private answered = 0;

  public asked(seq: string): void {
    const depth = this.answered + 1;
    this.depths.set(seq, depth);
    counts.roundTrips = Math.max(counts.roundTrips, depth);
  }

  public replied(seq: string): void {
    this.answered = Math.max(this.answered, this.depths.get(seq) ?? 0);
    this.depths.delete(seq);
  }

  /** Starts anew for counts that start anew. */
  public reset(): void {
    this.answered = 0;
    for (const seq of this.depths.keys()) {
      this.depths.set(seq, 0);
    }
  }
}

const tallies = new Set<RoundTrips>();

/** The housekeeping of one connection: which requests of each side are of it, and so the replies from the other. */
class Housekeeping {
  private readonly asked = { up: new Set<string>(), down: new Set<string>() };

  public holds(message: Sniffed | undefined, way: 'up' | 'down'): boolean {
    if (message === undefined) {
      return true;
    }
    if (message.kind !== 'request') {
      return this.asked[way === 'up' ? 'down' : 'up'].delete(message.seq);
    }
    if (HOUSEKEEPING.has(message.handler)) {
      this.asked[way].add(message.seq);
      return true;
    }
    return false;
  }
}

function record({ bytes, message }: SniffedFrame, direction: RelayDirection, isHousekeeping: boolean): void {
  direction.frames += 1;
  direction.housekeepingBytes += isHousekeeping ? bytes : 0;
  if (message?.kind === 'request') {
    direction.requests[message.handler] = (direction.requests[message.handler] ?? 0) + 1;
  } else if (message?.kind === 'reply') {
    direction.replies += 1;
  } else if (message?.kind === 'exception') {
    direction.exceptions += 1;
  }
}

function accept(client: net.Socket, target: RelayTarget): void {
  // It may give up while it waits.
  client.on('error', () => undefined);
  whenLinked(() => {
    if (!client.destroyed) relay(client, target);
  });
}

function relay(client: net.Socket, target: RelayTarget): void {
  const server = net.connect(target.port, target.host);
  const trips = new RoundTrips();
  const house = new Housekeeping();
  tallies.add(trips);
  counts.connections += 1;
  counts.open += 1;
  server.once('close', () => {
    counts.open -= 1;
    tallies.delete(trips);
  });
  pass(client, server, 'up', house, (message) => {
    if (message.kind === 'request' && !UNAWAITED.has(message.handler)) {
      trips.asked(message.seq);
    }
  });
  pass(server, client, 'down', house, (message) => {
    if (message.kind !== 'request') {
      trips.replied(message.seq);
    }
  });
}

function pass(
  from: net.Socket,
  to: net.Socket,
  way: 'up' | 'down',
  house: Housekeeping,
  note: (message: Sniffed) => void,
): void {
  const sniffer = new WireSniffer();
  const line = new DelayLine();
  from.setNoDelay(true);
  sockets.add(from);
  from.on('data', (chunk: Buffer) => {
    counts[way].bytes += chunk.length;
    for (const frame of sniffer.push(chunk)) {
      const { message } = frame;
      record(frame, counts[way], house.holds(message, way));
      if (message !== undefined) {
        note(message);
      }
    }
    line.push(() => to.write(chunk));
  });
  from.on('end', () => line.push(() => to.end()));
  // The close that follows is what the other side is told.
  from.on('error', () => undefined);
  from.on('close', () => {
    sockets.delete(from);
    line.push(() => to.destroySoon());
  });
}

function cut(): void {
  sockets.forEach((socket) => socket.resetAndDestroy());
}

const port = new Promise<number>((resolve) => {
  process.on('message', (command: RelayCommand) => {
    if (command.kind === 'listen') {
      delayMs = command.delayMs;
      const server = net.createServer({ allowHalfOpen: true }, (client) => accept(client, command.target));
      server.listen(0, '127.0.0.1', () => resolve((server.address() as net.AddressInfo).port));
    } else if (command.kind === 'cut') {
      cut();
    } else if (command.kind === 'hold') {
      link(command.held);
    } else if (command.kind === 'delay') {
      delayMs = command.delayMs;
    }
    void port.then((listening) => {
      const answer: RelayAnswer = { port: listening, counts };
      process.send?.(answer);
      if (command.kind === 'reset') {
        counts = { ...emptyCounts(), open: counts.open };
        tallies.forEach((tally) => tally.reset());
      }
    });
  });
});

process.on('disconnect', () => process.exit());

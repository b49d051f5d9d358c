import assert from 'node:assert/strict';

import {
  Backoff,
  Monitor,
  type MonitorOptions,
  type MonitoredConnection,
} from '../../../../server/src/features/pool/monitor';
import { eventually } from '../../../support/poll';

/** Stands for a peer: what it received, and how it answers a ping. */
class Peer implements MonitoredConnection {
  closed = false;
  openRequests = 0;
  counters = { bytesReceived: 0 };
  pings = 0;
  keepalives = 0;

  constructor(private readonly answers: boolean) {}

  ping(): Promise<void> {
    this.pings += 1;
    return this.answers ? Promise.resolve() : Promise.reject(new Error('No answer'));
  }

  keepalive(): void {
    this.keepalives += 1;
  }
}

const timings = { pingSeconds: 0.005, pingTimeoutSeconds: 0.005 };

function watch(
  peer: Peer,
  options: Partial<MonitorOptions> = {},
): { monitor: Monitor; deaths: () => number } {
  let deaths = 0;
  const monitor = new Monitor(peer, {
    timings,
    isBusy: () => false,
    onLatency: () => undefined,
    onDead: () => (deaths += 1),
    ...options,
  });
  return { monitor, deaths: () => deaths };
}

describe('Monitor', () => {
  it('asks a silent peer whether it is there', async () => {
    const peer = new Peer(true);
    const { monitor, deaths } = watch(peer);
    await eventually('three pings', () => peer.pings >= 3);
    monitor.dispose();
    assert.equal(deaths(), 0);
  });

  it('tells once that a peer does not answer, and asks no more', async () => {
    const peer = new Peer(false);
    const { deaths } = watch(peer);
    await eventually('the peer counts as dead', () => deaths() === 1);
    const { pings } = peer;
    assert.equal(pings, 1);
  });

  it('sends a frame that needs no answer while a run is busy or a request is open', async () => {
    const busy = new Peer(false);
    const waiting = new Peer(false);
    waiting.openRequests = 1;
    const first = watch(busy, { isBusy: () => true });
    const second = watch(waiting);
    await eventually('keepalives', () => busy.keepalives >= 3 && waiting.keepalives >= 3);
    first.monitor.dispose();
    second.monitor.dispose();
    assert.deepEqual([busy.pings, waiting.pings, first.deaths(), second.deaths()], [0, 0, 0, 0]);
  });

  it('does not ask while something arrives', async () => {
    const peer = new Peer(false);
    let looks = 0;
    const { monitor } = watch(peer, {
      isBusy: () => {
        looks += 1;
        peer.counters.bytesReceived += 1;
        return false;
      },
    });
    peer.counters.bytesReceived += 1;
    await eventually('several looks', () => looks >= 5);
    monitor.dispose();
    assert.equal(peer.pings, 0);
  });
});

describe('Backoff', () => {
  it('doubles from half a second to thirty, and begins anew', () => {
    const backoff = new Backoff({ firstRetryMs: 500, maxRetryMs: 30_000 });
    const pauses = Array.from({ length: 8 }, () => backoff.next());
    assert.deepEqual(pauses, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    backoff.reset();
    assert.equal(backoff.next(), 500);
  });
});
